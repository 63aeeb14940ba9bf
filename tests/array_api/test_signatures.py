"""Names, parameters, their kinds and defaults, held against array_api_strict."""

import inspect

import array_api_strict
import numpy as np
import pytest

import tenrso_ad as ta

xp = ta.array_api
OF_STRICT_ALONE = {
    "ArrayAPIStrictFlags",
    "Device",
    "__version__",
    "get_array_api_strict_flags",
    "reset_array_api_strict_flags",
    "set_array_api_strict_flags",
    "broadcast_shapes",  # of version 2025.12, as isin
    "isin",
}
PAIRS = {
    "": (array_api_strict, xp),
    "linalg.": (array_api_strict.linalg, xp.linalg),
    "fft.": (array_api_strict.fft, xp.fft),
}
NAMES = [
    (prefix, name)
    for prefix, (theirs, _) in PAIRS.items()
    for name in sorted(set(theirs.__all__) - OF_STRICT_ALONE)
]
FUNCTIONS = [
    (prefix, name)
    for prefix, name in NAMES
    if inspect.isfunction(getattr(PAIRS[prefix][0], name)) and not name.startswith("__")
]


def parameters(function):
    """Name, kind and default of each; the name of a positional-only one does not matter."""
    return [
        (
            "" if p.kind == p.POSITIONAL_ONLY else p.name,
            p.kind,
            None if type(p.default).__name__ == "Undef" else p.default,
        )
        for p in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize(("prefix", "name"), NAMES, ids="".join)
def test_every_name_is_there(prefix, name):
    _, ours = PAIRS[prefix]
    assert hasattr(ours, name) and name in ours.__all__


@pytest.mark.parametrize(("prefix", "name"), FUNCTIONS, ids="".join)
def test_parameters(prefix, name):
    theirs, ours = PAIRS[prefix]
    function = getattr(ours, name)
    assert parameters(function) == parameters(getattr(theirs, name))
    assert function.__name__ == name and function.__doc__


def test_no_name_that_the_standard_lacks():
    for prefix, (theirs, ours) in PAIRS.items():
        assert set(ours.__all__) <= set(theirs.__all__), prefix


ARRAY = type(array_api_strict.ones(1))
MEMBERS = [
    name
    for name in dir(ARRAY)
    if name not in dir(object) and (name.startswith("__") or not name.startswith("_"))
]
NOT_OF_THE_STANDARD = {"__array__", "__buffer__", "__dict__", "__module__", "__weakref__"}
METHODS = ["__array_namespace__", "__dlpack__", "__dlpack_device__"]


@pytest.mark.parametrize("name", [n for n in MEMBERS if n not in NOT_OF_THE_STANDARD])
def test_members_of_the_array(name):
    assert hasattr(ta.tensor([[1.0]]), name)


@pytest.mark.parametrize("name", METHODS)
def test_parameters_of_methods(name):
    assert parameters(getattr(ta.Tensor, name)) == parameters(getattr(ARRAY, name))


@pytest.mark.parametrize("version", ["2021.12", "2022.12", "2023.12", "2024.12", None])
def test_a_tensor_names_the_namespace(version):
    assert ta.tensor(1.0).__array_namespace__(api_version=version) is xp
    assert xp.__array_api_version__ == "2024.12"


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match=r"api_version='1999.12'.*2024\.12"):
        ta.tensor(1.0).__array_namespace__(api_version="1999.12")


def test_constants():
    assert (xp.e, xp.pi, xp.inf, xp.newaxis) == (np.e, np.pi, np.inf, None)
    assert xp.nan != xp.nan
