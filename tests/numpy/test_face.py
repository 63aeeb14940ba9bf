import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.tensor import array_functions

FUNCTIONS = [name for name in tnp.__all__ if getattr(tnp, name) is not getattr(np, name, None)]
OURS_ALONE = {
    *("at", "convolve_nd", "fft", "linalg"),
    *("log_softmax", "logcumsumexp", "logsumexp", "softmax"),
    *({"matvec", "vecmat"} - {*dir(np)}),  # since NumPy 2.2
    *("celu", "elu", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu"),
    *("log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign"),
}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - OURS_ALONE))
def test_numpys_function_of_the_name_leads_to_ours(name):
    theirs, ours = getattr(np, name), getattr(tnp, name)
    if isinstance(theirs, np.ufunc):
        from tenrso_ad.ops.pointwise import ufuncs

        assert ufuncs[theirs] is ours
    elif hasattr(theirs, "_implementation"):
        assert array_functions[theirs] is ours
    else:  # NumPy's does not dispatch: it makes arrays of anything
        arrays = {"array", "asanyarray", "asarray", "ascontiguousarray", "astype"}
        assert name in arrays | {"bool", "einsum", "row_stack", "vectorize"}


@pytest.mark.parametrize("name", sorted({*tnp.linalg.__all__} & {*np.linalg.__all__}))
def test_linalg(name):
    theirs, ours = getattr(np.linalg, name), getattr(tnp.linalg, name)
    assert ours is theirs if name == "LinAlgError" else array_functions[theirs] is ours


def test_linalg_is_whole():
    assert {*np.linalg.__all__} <= {*tnp.linalg.__all__}


@pytest.mark.parametrize("name", tnp.fft.__all__)
def test_fft(name):
    theirs, ours = getattr(np.fft, name), getattr(tnp.fft, name)
    assert ours is theirs if name.endswith("freq") else array_functions[theirs] is ours


def test_plain_arrays_in_plain_arrays_out():
    x = np.array([1.0, 2.0])
    for y in (tnp.sin(x), tnp.sum(x, axis=0, keepdims=True), tnp.einsum("i,j->ij", x, x)):
        assert type(y) is np.ndarray
    assert isinstance(tnp.sum(x), np.float64)
    assert isinstance(tnp.sin(ta.tensor(x)), ta.Tensor)


def test_constants_and_makers_are_numpys():
    assert tnp.pi is np.pi and tnp.float32 is np.float32 and tnp.zeros is np.zeros


def test_numpys_own_functions_of_shape_take_tensors():
    x = ta.tensor(np.ones((2, 3)))
    assert (np.ndim(x), np.shape(x), np.size(x)) == (2, (2, 3), 6)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="NumPy's has no derivative here"):
        _ = tnp.busday_count
    with pytest.raises(AttributeError, match=r"has no 'sinus'$"):
        _ = tnp.sinus


def test_every_function_has_a_docstring():
    for name in FUNCTIONS:
        assert getattr(tnp, name).__doc__, name
