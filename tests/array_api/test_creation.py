"""Functions that make arrays against array_api_strict."""

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import strategies as st

import tenrso_ad as ta
from tests.array_api import strategies
from tests.array_api.agreement import DTYPES, holds
from tests.array_api.strategies import arrays, call, shapes

xp = ta.array_api
ANY_DTYPE = st.sampled_from([None, *DTYPES])
NUMERIC = st.sampled_from([None, *(d for d in DTYPES if d != strict.bool)])
FLOATING = st.sampled_from(
    [None, strict.float32, strict.float64, strict.complex64, strict.complex128]
)
DEVICE = st.none()
SHAPE = shapes() | st.integers(0, 3)
NUMBER = st.integers(-9, 9) | st.sampled_from([-2.5, 0.0, 0.75, 4.0])


@st.composite
def arange(draw):
    args = [draw(NUMBER)]
    keywords = {"dtype": draw(st.sampled_from([None, strict.float64, strict.float32]))}
    if draw(st.booleans()):
        args.append(draw(NUMBER))
        step = draw(NUMBER.filter(bool))
        if draw(st.booleans()):
            args.append(step)
        else:
            keywords["step"] = step
    return tuple(args), keywords


@st.composite
def full(draw, like=False):
    name = draw(strategies.dtypes("any"))
    value = draw(strategies.elements(name))
    dtype = {"dtype": getattr(strict, name)} if draw(st.booleans()) else {}
    if like:
        return (draw(strategies.of_dtype(name)), value), dtype
    return (draw(SHAPE), value), dtype


@st.composite
def linspace(draw):
    bounds = st.integers(-9, 9) | st.sampled_from([-2.5, 0.0, 0.75, 4.0])
    args = draw(bounds), draw(bounds), draw(st.integers(0, 5))
    optional = {"dtype": FLOATING, "endpoint": st.booleans()}
    return args, draw(st.fixed_dictionaries({}, optional=optional))


test_creation = holds(
    {
        "arange": arange(),
        "eye": call(
            st.integers(0, 4),
            st.none() | st.integers(0, 4),
            k=st.integers(-3, 3),
            dtype=NUMERIC,
            device=DEVICE,
        ),
        "full": full(),
        "full_like": full(like=True),
        "linspace": linspace(),
        "ones": call(SHAPE, dtype=ANY_DTYPE, device=DEVICE),
        "zeros": call(SHAPE, dtype=ANY_DTYPE, device=DEVICE),
        "ones_like": call(arrays("any"), dtype=ANY_DTYPE, device=DEVICE),
        "zeros_like": call(arrays("any"), dtype=ANY_DTYPE, device=DEVICE),
        "asarray": call(arrays("any"), copy=st.sampled_from([None, True])),
        "asarray of numbers": call(
            st.recursive(
                st.sampled_from([True, 3, -2.5, 1j]),
                lambda inner: st.lists(inner, min_size=2, max_size=2),
                max_leaves=2,
            ),
            copy=st.sampled_from([None, True]),
        ),
        "fft.fftfreq": call(
            st.integers(1, 5),
            d=st.sampled_from([0.5, 2.0]),
            dtype=st.sampled_from([None, strict.float32]),
        ),
        "fft.rfftfreq": call(
            st.integers(1, 5),
            d=st.sampled_from([0.5, 2.0]),
            dtype=st.sampled_from([None, strict.float32]),
        ),
    }
)


@pytest.mark.parametrize("make", [xp.empty, xp.empty_like], ids=lambda f: f.__name__)
def test_uninitialised_arrays(make):
    x = make((2, 0)) if make is xp.empty else make(xp.ones((2, 0)))
    assert type(x) is ta.Tensor and (x.shape, x.dtype) == ((2, 0), xp.float64)
    shape = (2, 3) if make is xp.empty else xp.ones((2, 3))
    x = make(shape, dtype=xp.int8, device="cpu")
    assert (x.shape, x.dtype) == ((2, 3), xp.int8)


def test_new_arrays_require_no_gradient_and_belong_to_the_open_tape():
    with ta.Tape():
        x = ta.tensor([1.0, 2.0])
        y = xp.ones(2)
        assert not y.requires_grad and y.trace is x.trace
        xp.sum(x * y).backward()
    np.testing.assert_array_equal(x.grad, [1.0, 1.0])


def test_asarray_takes_lists_that_hold_tensors():
    x = ta.tensor(2.0)
    y = xp.asarray([[x, 1.0], [0.0, x * x]])
    xp.sum(y).backward()
    assert y.shape == (2, 2) and float(x.grad) == 5.0


def test_asarray_gives_a_tensor_as_it_is_or_copied():
    x = ta.tensor([1.0, 2.0])
    assert xp.asarray(x) is x and xp.asarray(x, copy=False) is x
    assert xp.asarray(x, dtype=xp.float32).dtype == xp.float32
    with pytest.raises(ValueError, match="a conversion copies"):
        xp.asarray(x, dtype=xp.float32, copy=False)
    with pytest.raises(ValueError, match="copy"):
        xp.asarray([1.0], copy=False)


def test_asarray_copies_plain_arrays_unless_told_not_to():
    a, x = np.ones(3), ta.tensor([1.0, 2.0, 3.0])
    product = xp.sum(x * xp.asarray(a))
    a[:] = 0.0
    product.backward()
    np.testing.assert_array_equal(x.grad, np.ones(3))
    shared = xp.asarray(a, copy=False)
    a[0] = 5.0
    assert float(shared[0]) == 5.0


def test_asarray_refuses_what_is_no_number():
    for values in (["a"], [object()], np.array(["2000"], "M8[Y]")):
        with pytest.raises(TypeError, match="booleans and numbers"):
            xp.asarray(values)


def test_full_lets_the_derivative_of_its_value_through():
    value = ta.tensor(3.0)
    total = xp.sum(xp.full((2, 2), value)) + xp.sum(xp.full_like(xp.ones(3), value))
    total.backward()
    assert float(value.grad) == 7.0


@pytest.mark.parametrize("make", ["zeros", "ones", "empty", "arange", "eye", "asarray"])
def test_there_is_one_device(make):
    function = getattr(xp, make)
    assert function(3, device="cpu").device == "cpu"
    with pytest.raises(ValueError, match=f"{make}: the device is 'cpu', got device='cuda'"):
        function(3, device="cuda")


def test_dlpack_shares_memory_both_ways():
    a = np.arange(3.0)
    x = xp.from_dlpack(a)
    assert type(x) is ta.Tensor
    a[0] = 7.0
    assert float(x[0]) == 7.0
    back = np.from_dlpack(x)
    assert np.shares_memory(back, a) and x.__dlpack_device__() == (1, 0)
    assert not np.shares_memory(np.from_dlpack(x, copy=True), a)
    assert np.from_dlpack(xp.sum(x)) == 10.0
    with pytest.raises(TypeError, match="without losing its derivative"):
        np.from_dlpack(ta.tensor(1.0))


def test_a_tensor_stays_on_its_device():
    x = xp.ones(2)
    assert x.to_device("cpu") is x and x.to_device(x.device) is x
    with pytest.raises(ValueError, match="stays there"):
        x.to_device("cuda")
