"""What all formats share: entries, inner products, arithmetic, conversions, derivatives."""

import itertools

import numpy as np
import pytest
import tensorly
from hypothesis import given, settings
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.decomposition import (
    CPTensor,
    TensorRing,
    TTTensor,
    TuckerTensor,
    inner,
    mttkrp,
    mttkrps,
    squared_error,
)
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import (
    ArgumentError,
    AxisError,
    DTypeError,
    IndexingError,
    ShapeError,
    UnsupportedError,
)
from tests.decomposition.models.making import FORMATS, draw, ring, train, tucker

SHAPES = [(3, 4), (3, 1, 2), (2, 3, 2, 4)]
EVERY = [(name, shape) for name in FORMATS for shape in SHAPES]
EVERY += [(name, (4,)) for name in ("tucker", "train", "ring")]
CASES = pytest.mark.parametrize(("name", "shape"), EVERY)
CUBE = (2, 3, 4)
each_format = pytest.mark.parametrize("name", FORMATS)


def einsum_of(model):
    """The dense tensor by one einsum over all parts, an independent way to write the format."""
    letters = "abcd"[: model.ndim]
    if isinstance(model, CPTensor):
        spec = ",".join(letter + "z" for letter in letters)
        return np.einsum(f"z,{spec}->{letters}", model.weights, *model.factors)
    if isinstance(model, TuckerTensor):
        inside = "wxyz"[: model.ndim]
        spec = ",".join(map("".join, zip(letters, inside, strict=True)))
        return np.einsum(f"{inside},{spec}->{letters}", model.core, *model.factors)
    bonds = "uvwxyz"[: model.ndim] + "u"
    spec = ",".join(bonds[k] + letters[k] + bonds[k + 1] for k in range(model.ndim))
    return np.einsum(f"{spec}->{letters}", *model.cores)


@CASES
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_dense_tensor_its_entries_and_its_norm(name, shape, dtype, rng):
    model = FORMATS[name](shape, rng, dtype)
    dense = model.to_dense()
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    assert (model.shape, model.ndim, model.dtype) == (shape, len(shape), np.dtype(dtype))
    np.testing.assert_allclose(dense, einsum_of(model), rtol=tolerance, atol=tolerance)
    places = np.stack([rng.integers(-length, length, size=7) for length in shape], axis=1)
    entries = model.entries(places)
    np.testing.assert_allclose(entries, dense[tuple(places.T)], rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(entries, model.entries(tuple(places.T)))
    assert model.norm() == pytest.approx(np.linalg.norm(dense), rel=tolerance)
    assert {dense.dtype, entries.dtype} == {np.dtype(dtype)}
    assert model.norm().dtype == np.finfo(dtype).dtype
    np.testing.assert_allclose(model.conj().to_dense(), dense.conj(), rtol=tolerance, atol=1e-6)


@pytest.mark.parametrize(("first", "second"), list(itertools.product([*FORMATS, "dense"], FORMATS)))
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_inner_products_between_all_formats(first, second, dtype, rng):
    def make(name, shape):
        return draw(rng, shape, dtype) if name == "dense" else FORMATS[name](shape, rng, dtype)

    shapes = SHAPES if "cp" in (first, second) else [*SHAPES, (4,)]
    for shape in shapes:
        a, b = make(first, shape), make(second, shape)
        dense = a if first == "dense" else a.to_dense()
        expected = np.sum(dense * b.to_dense())
        assert inner(a, b) == pytest.approx(expected, rel=1e-11, abs=1e-11)
        assert inner(b, a) == pytest.approx(expected, rel=1e-11, abs=1e-11)
        if dtype == np.float64:
            expected = np.sum((dense - b.to_dense()) ** 2)
            assert squared_error(a, b) == pytest.approx(expected, rel=1e-10)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    names=st.tuples(*[st.sampled_from([*FORMATS])] * 2),
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    factor=st.floats(-3, 3, width=16),
)
def test_inner_is_bilinear_and_symmetric(seed, names, shape, factor):
    rng = np.random.default_rng(seed)
    a, b = (FORMATS[names[0]](tuple(shape), rng) for _ in range(2))
    c = FORMATS[names[1]](tuple(shape), rng)
    size = a.norm() * c.norm() + b.norm() * c.norm()
    together = inner(a + factor * b, c)
    apart = inner(a, c) + factor * inner(b, c)
    assert together == pytest.approx(apart, abs=1e-11 * max(size, 1))
    assert inner(a, c) == pytest.approx(inner(c, a), abs=1e-12 * max(size, 1))
    distance = a.squared_norm() - 2 * inner(a, b) + b.squared_norm()
    scale = a.squared_norm() + b.squared_norm()
    assert (a - b).squared_norm() == pytest.approx(distance, abs=1e-12 * max(scale, 1))


@CASES
def test_arithmetic(name, shape, rng):
    a, b = (FORMATS[name](shape, rng) for _ in range(2))
    x, y = a.to_dense(), b.to_dense()
    for model, expected in [
        (a + b, x + y), (a - b, x - y), (-a, -x), (+a, x), (2.5 * a, 2.5 * x), (a * 3, 3 * x),
        (a / 4, x / 4), (np.float64(2) * a, 2 * x), (np.array(2.0) * a, 2 * x), (a * b, x * y),
        (a.transpose(), x.transpose()),
    ]:  # fmt: skip
        assert type(model) is type(a)
        np.testing.assert_allclose(model.to_dense(), expected, rtol=1e-11, atol=1e-11)
    matrices = [rng.normal(size=(3, length)) for length in shape]
    matrices[-1] = None
    expected = x
    for mode, matrix in enumerate(matrices[:-1]):
        expected = np.moveaxis(np.tensordot(matrix, expected, axes=(1, mode)), 0, mode)
    np.testing.assert_allclose(a.mode_products(matrices).to_dense(), expected, rtol=1e-11)


@pytest.mark.parametrize(("name", "shape"), [case for case in EVERY if len(case[1]) > 1])
def test_mttkrps_of_models_are_those_of_the_dense_tensor(name, shape, rng):
    model = FORMATS[name](shape, rng)
    factors = [rng.normal(size=(length, 3)) for length in shape]
    expected = mttkrps(model.to_dense(), factors)
    for ours, other in zip(mttkrps(model, factors), expected, strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(mttkrp(model, factors, 1), expected[1], rtol=1e-10, atol=1e-11)


@each_format
@pytest.mark.parametrize("layout", ["F", "permuted", "steps"])
def test_data_in_any_layout(name, layout, rng):
    model = FORMATS[name]((2, 3, 4, 2), rng)
    data = rng.normal(size=(2, 3, 4, 2))
    expected = inner(data, model), squared_error(data, model, residual=True)
    mask = rng.random(data.shape) < 0.5
    slope = ta.grad(lambda m: squared_error(data, m, mask))(model)
    other = {
        "F": np.asfortranarray,
        "permuted": lambda x: x.transpose(2, 0, 3, 1).copy().transpose(1, 3, 0, 2),
        "steps": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    }[layout](data)
    assert inner(other, model) == pytest.approx(expected[0], rel=1e-11)
    assert squared_error(other, model, residual=True) == pytest.approx(expected[1], rel=1e-11)
    again = ta.grad(lambda m: squared_error(other, m, mask))(model)
    for ours, wanted in zip(tree.leaves(again), tree.leaves(slope), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-9, atol=1e-10)


@each_format
def test_functions_of_models_differentiate_twice_in_both_modes(name, rng):
    model, data = FORMATS[name]((2, 3, 2), rng), rng.normal(size=(2, 3, 2))
    other, mask = FORMATS["train"]((2, 3, 2), rng), rng.random((2, 3, 2)) < 0.6
    places = np.array([[0, 1, 1], [1, 2, 0], [0, 1, 1]])
    for function in (
        lambda m: (m.entries(places), m.norm(), inner(data, m)),
        lambda m: (inner(m, other), (m * m - 2 * m).to_dense()),
        lambda m: (squared_error(data, m), squared_error(data, m, mask, data**2)),
    ):
        result = ta.testing.check_gradients(function, (model,), order=2)
        assert result, result


@each_format
def test_squared_errors_and_their_derivatives_are_those_of_the_dense_tensor(name, rng):
    model, tangent = (FORMATS[name](CUBE, rng) for _ in range(2))
    data, mask, weights = rng.normal(size=CUBE), rng.random(CUBE) < 0.6, rng.random(CUBE)
    for options, factor in [({}, 1.0), ({"mask": mask, "weights": weights}, mask * weights)]:

        def ours(m, options=options):
            return squared_error(data, m, **options)

        def dense(m, factor=factor):
            return ta.numpy.sum(factor * ta.numpy.square(data - m.to_dense()))

        for derivative in (ta.grad, lambda f: lambda m: ta.hvp(f, m, tangent)):
            found, expected = (tree.leaves(derivative(f)(model)) for f in (ours, dense))
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


@each_format
def test_a_batch_of_models_is_mapped_over(name, rng):
    models = [FORMATS[name](CUBE, rng) for _ in range(3)]
    stacked = tree.map(lambda *parts: np.stack(parts), *models)
    data, mask = rng.normal(size=CUBE), rng.random(CUBE) < 0.6
    for loss in (lambda m: squared_error(data, m), lambda m: squared_error(data, m, mask)):
        batch = tree.leaves(ta.vmap(ta.grad(loss))(stacked))
        for number, model in enumerate(models):
            for a, b in zip(batch, tree.leaves(ta.grad(loss)(model)), strict=True):
                np.testing.assert_allclose(a[number], b, rtol=1e-9, atol=1e-11)


@each_format
def test_losses_compile(name, rng):
    model, data = FORMATS[name](CUBE, rng), rng.normal(size=CUBE)
    loss = ta.value_and_grad(lambda m: squared_error(data, m))
    compiled = ta.compile(loss, backend="python")
    for a, b in zip(tree.leaves(compiled(model)), tree.leaves(loss(model)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@each_format
def test_a_model_of_zeros(name, rng):
    model = tree.map(np.zeros_like, FORMATS[name](CUBE, rng))
    assert model.norm() == 0
    for part in tree.leaves(ta.grad(lambda m: m.norm())(model)):
        np.testing.assert_array_equal(part, 0)
    np.testing.assert_array_equal(model.to_tt().to_dense() if name != "ring" else 0, 0)


@each_format
def test_conversions_keep_the_tensor(name, rng):
    for shape in SHAPES:
        model = FORMATS[name](shape, rng)
        others = [model.to_tt()] + ([model.to_tucker()] if name == "cp" else [])
        for other in others:
            np.testing.assert_allclose(other.to_dense(), model.to_dense(), rtol=1e-11, atol=1e-11)
    assert ta.testing.check_gradients(lambda m: m.to_tt().to_dense(), (model,), order=1)


@each_format
def test_to_tensorly_and_back(name, rng):
    model = FORMATS[name](CUBE, rng)
    theirs = model.to_tensorly()
    assert type(theirs).__module__.startswith("tensorly")
    np.testing.assert_allclose(theirs.to_tensor(), model.to_dense(), rtol=1e-11)
    back = type(model).from_tensorly(theirs)
    for a, b in zip(tree.leaves(back), tree.leaves(model), strict=True):
        np.testing.assert_array_equal(a, b)
    data = rng.normal(size=CUBE)
    assert inner(data, theirs) == inner(data, model)
    assert inner(theirs, theirs) == pytest.approx(model.norm() ** 2)
    assert squared_error(data, theirs) == squared_error(data, model)


def test_norms_are_those_of_tensorly(rng):
    model = tucker(CUBE, rng)
    assert model.norm() == pytest.approx(
        tensorly.norm(tensorly.tucker_to_tensor((model.core, list(model.factors))))
    )


@each_format
def test_it_is_a_frozen_pytree_that_prints_short(name, rng):
    model = FORMATS[name](CUBE, rng)
    leaves, structure = tree.flatten(model)
    odd = tree.unflatten(structure, ["x"] * len(leaves))
    assert "'x'" in repr(odd)
    assert repr(model).startswith(f"{type(model).__name__}(shape=(2, 3, 4), rank")
    with pytest.raises(AttributeError):
        model.cores = ()
    assert type(ta.grad(lambda m: m.norm())(model)) is type(model)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.entries([[0, 0]]), ShapeError, r"\(S, 3\) or a tuple of 3 arrays, got shape"),
        (lambda m: m.entries(([0], [0, 1], [0])), ShapeError, r"3 arrays of one shape \(S,\), got"),
        (lambda m: m.entries([[0.5, 0, 0]]), DTypeError, r"integer indices, got float64"),
        (lambda m: m.entries([[0, 3, 0]]), IndexingError, r"index 3 .* mode 1 of length 3"),
        (lambda m: m + m.transpose(), ShapeError, r"\+: wanted two .*\(2, 3, 4\) and \(4, 3, 2\)"),
        (
            lambda m: inner(m, m.transpose()),
            ShapeError,
            r"inner: wanted a tensor of the model",
        ),
        (lambda m: inner(np.ones(3), np.ones(3)), ArgumentError, r"inner: wanted a CPTensor"),
        (lambda m: m.transpose((0, 0, 1)), AxisError, r"\(0, 0, 1\) is no order of 3 modes"),
        (lambda m: squared_error(m, m, residual=True), ArgumentError, r"want a dense tensor"),
        (lambda m: ta.tensor(2.0) * m, UnsupportedError, r"Tensor is no array|TensorRing is no"),
        (lambda m: m + 1, TypeError, r"unsupported operand"),
    ],
)
@each_format
def test_mistakes_are_named(name, call, error, message, rng):
    with pytest.raises(error, match=message):
        call(FORMATS[name](CUBE, rng))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TuckerTensor(np.ones(()), []), r"TuckerTensor: wanted a core of order 1"),
        (lambda: TuckerTensor(np.ones((2, 0)), [np.ones((3, 2)), np.ones((3, 0))]), r"\(2, 0\)$"),
        (lambda: TuckerTensor(np.ones((2, 1)), [np.ones((3, 2))]), r"\(I, 2\), \(I, 1\), got \(3"),
        (lambda: TuckerTensor(np.ones(2), [np.ones((2, 3))]), r"shapes \(I, 2\), got \(2, 3\)$"),
        (lambda: TTTensor([]), r"TTTensor: wanted one or more cores .* got none"),
        (lambda: TTTensor([np.ones((1, 2))]), r"got \(1, 2\)$"),
        (lambda: TTTensor([np.ones((1, 2, 0)), np.ones((0, 2, 1))]), r"ranks of 1 or more"),
        (lambda: TTTensor([np.ones((1, 2, 2)), np.ones((3, 2, 1))]), r"each core to begin with"),
        (lambda: TTTensor([np.ones((2, 2, 2))]), r"first and last ranks of 1, got 2 and 2; Ten"),
        (lambda: TensorRing([np.ones((2, 2, 3))]), r"the last rank to be the first, got 2 and 3"),
        (lambda: CPTensor(None, [np.ones((2, 0))] * 2), r"CPTensor: wanted a rank of 1 or more"),
        (lambda: train(CUBE, np.random.default_rng(0)).transpose((1, 0, 2)), r"can be reversed"),
        (lambda: ring(CUBE, np.random.default_rng(0)).transpose((1, 0, 2)), r"can be reversed"),
    ],
)
def test_parts_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ShapeError, match=message):
        make()
