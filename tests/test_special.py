"""The face of the special functions: SciPy's names and its own ufuncs, other array libraries."""

import inspect
import subprocess
import sys

import array_api_strict
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad import special
from tenrso_ad.ops.special import declaring, scipy_ufuncs
from tests.ops.table import Case, each, normal

UFUNCS = sorted(
    name for name in special.__all__ if isinstance(getattr(scipy.special, name), np.ufunc)
)


@each(
    [
        Case("log_softmax", special.log_softmax, normal(2, 3),
             reference=scipy.special.log_softmax),
        Case("softmax", special.softmax, normal(2, 3), reference=scipy.special.softmax),
        Case("log_softmax axis", lambda x: special.log_softmax(x, axis=1), normal(2, 3),
             reference=lambda x: scipy.special.log_softmax(x, axis=1)),
    ]
)  # fmt: skip
def test_softmax_over_all_axes_by_default(check):
    check()


def test_lists_and_extreme_numbers():
    np.testing.assert_array_equal(special.log_softmax([0, 1000, -1000]), [-1000.0, 0.0, -2000.0])


def test_the_names_are_scipys():
    assert set(special.__all__) <= set(dir(scipy.special))


@pytest.mark.parametrize("name", sorted(set(special.__all__) - set(UFUNCS) - {"polygamma"}))
def test_the_arguments_are_scipys(name):
    ours, theirs = (
        inspect.signature(getattr(m, name)).parameters for m in (special, scipy.special)
    )
    assert [n for n in ours if n in theirs] == [n for n in theirs if n in ours]
    assert set(theirs) - set(ours) <= {"out", "extend"}


@pytest.mark.parametrize("name", UFUNCS)
def test_scipys_ufunc_on_a_tensor_leads_to_ours(name):
    assert scipy_ufuncs.operations[getattr(scipy.special, name)] is getattr(special, name)


def test_scipys_ufunc_is_differentiated():
    x = np.array([0.5, 2.0])
    gradient = ta.grad(lambda x: np.sum(scipy.special.gammaln(x) * scipy.special.jv(0, x)))(x)
    expected = scipy.special.digamma(x) * scipy.special.j0(x)
    expected -= scipy.special.gammaln(x) * scipy.special.j1(x)
    np.testing.assert_allclose(gradient, expected, rtol=1e-13)
    sine, _ = scipy.special.sici(ta.tensor(x))
    assert isinstance(sine, ta.Tensor)


def test_what_has_no_rule_is_refused_by_name():
    x = ta.tensor([0.5])
    with pytest.raises(ta.errors.UnsupportedError, match=r"^airy has no derivative rule"):
        scipy.special.airy(x)
    with pytest.raises(AttributeError, match="'airy'; SciPy's has no derivative here"):
        _ = special.airy
    with pytest.raises(AttributeError, match=r"has no 'gama'$"):
        _ = special.gama


def test_every_declared_function_is_public():
    assert set(declaring.declared) <= {*special.__all__}


def test_arrays_of_a_library_that_lacks_the_function():
    x = array_api_strict.asarray([0.5])
    with pytest.raises(ta.errors.UnsupportedError, match="array_api_strict has no gammaln"):
        special.gammaln(x)


def test_every_function_has_a_docstring():
    for name in special.__all__:
        assert getattr(special, name).__doc__, name


def test_scipy_is_imported_by_the_first_evaluation():
    code = (
        "import sys, tenrso_ad as ta; f = ta.special.gammaln; "
        "assert 'scipy' not in sys.modules; f(2.0); assert 'scipy.special' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


BENIGN = {
    "erfcx": [(0.0,), (11.0,), (13.0,)],
    "dawsn": [(0.0,), (-13.0,)],
    "log_ndtr": [(-300.0,), (0.0,), (3.0,)],
    "rgamma": [(-2.0,), (0.0,), (3.0,)],
    "poch": [(0.0, 2.0), (-3.0, 2.5), (1.5, 2.0)],
    "binom": [(2.0, 3.0), (4.0, 2.0), (4.0, -1.0)],
    "zeta": [(-3.0,), (2.0,), (300.0,)],
    "xlogy": [(0.0, 2.0), (1.0, 2.0)],
    "xlog1py": [(0.0, 2.0)],
    "rel_entr": [(0.0, 0.0), (1.0, 2.0)],
    "kl_div": [(0.0, 0.0), (1.0, 2.0)],
    "pseudo_huber": [(1.0, 0.0), (0.0, 2.0)],
    "boxcox": [(2.0, 0.0)],
    "i0e": [(0.5,), (1e3,)],
    "k1e": [(0.5,), (1e3,)],
    "j1": [(0.0,)],
}


@pytest.mark.parametrize("name", BENIGN)
def test_derivatives_pass_through_no_infinities_on_their_way(name):
    """So that detect_anomaly does not blame what is right: two derivatives in every argument."""
    f = getattr(special, name)
    with ta.config.detect_anomaly():
        for point in BENIGN[name]:
            point = tuple(map(np.asarray, point))
            ta.hessian(lambda p: f(*p))(np.array(point))


@pytest.mark.parametrize("name", ["xlogy", "xlog1py", "rel_entr", "kl_div"])
def test_mixed_derivatives_are_symmetric_at_zero(name):
    f = getattr(special, name)
    mixed = ta.grad(ta.grad(f, argnums=1), argnums=0)(0.0, 2.0)
    assert mixed == ta.grad(ta.grad(f, argnums=0), argnums=1)(0.0, 2.0) != 0.0
