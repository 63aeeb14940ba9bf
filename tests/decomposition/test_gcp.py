"""Losses of a model against data of every kind, against the same on dense arrays."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition import (
    CPTensor,
    Objective,
    SparseTensor,
    TensorRing,
    TTTensor,
    TuckerTensor,
    blocks,
    elementwise_loss,
    gcp,
    observe,
    squared_error,
)
from tenrso_ad.decomposition.elementwise_losses import LOSSES
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError

SHAPE = (4, 3, 5)


def positive_model(shape=SHAPE, rank=2, seed=1, dtype=np.float64):
    rng = np.random.default_rng(seed)
    factors = [(rng.random((n, rank)) + 0.1).astype(dtype) for n in shape]
    return CPTensor((rng.random(rank) + 0.1).astype(dtype), factors)


def binary_data(shape=SHAPE, seed=0, dtype=np.float64):
    """Zeros and ones, which every loss is for."""
    return (np.random.default_rng(seed).random(shape) < 0.3).astype(dtype)


def outcome(function, model, direction):
    """Value, gradient and Hessian-vector product, as one list of arrays."""
    value, gradient = ta.value_and_grad(function)(model)
    return [value, *tree.leaves(gradient), *tree.leaves(ta.hvp(function, model, direction))]


def assert_alike(one, two, rtol=1e-9):
    for got, wanted in zip(one, two, strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol * np.abs(wanted).max())


def direct(loss, data, mask=True, weights=1.0):
    """The loss of the dense tensor of the model."""
    function = elementwise_loss(loss)
    return lambda m: tnp.sum(tnp.where(mask, weights * function(data, m.to_dense()), 0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [*LOSSES, lambda x, m: tnp.square(tnp.sin(m) - x) + m])
def test_every_loss_of_dense_and_sparse_data_is_the_direct_one(loss, dtype):
    data, model = binary_data(dtype=dtype), positive_model(dtype=dtype)
    direction = positive_model(seed=3, dtype=dtype)
    expected = outcome(direct(loss, data), model, direction)
    rtol = 1e-9 if dtype == np.float64 else 1e-4
    for kind in (data, np.asfortranarray(data), SparseTensor.from_array(data)):
        assert_alike(outcome(lambda m, k=kind: gcp(k, m, loss), model, direction), expected, rtol)


@pytest.mark.parametrize("form", ["tucker", "train", "ring"])
@pytest.mark.parametrize("loss", ["gaussian", "poisson", "gamma"])
def test_models_of_every_format(form, loss):
    rng = np.random.default_rng(4)

    def draw():
        part = lambda *shape: rng.random(shape) + 0.2  # noqa: E731
        if form == "tucker":
            return TuckerTensor(part(2, 3, 2), (part(4, 2), part(3, 3), part(5, 2)))
        if form == "train":
            return TTTensor((part(1, 4, 2), part(2, 3, 3), part(3, 5, 1)))
        return TensorRing((part(2, 4, 2), part(2, 3, 3), part(3, 5, 2)))

    data, model, direction = binary_data(), draw(), draw()
    expected = outcome(direct(loss, data), model, direction)
    for kind in (data, np.asfortranarray(data), SparseTensor.from_array(data)):
        assert_alike(outcome(lambda m, k=kind: gcp(k, m, loss), model, direction), expected)
    known = SparseTensor.from_array(np.arange(60).reshape(SHAPE) % 7 == 0)
    expected = outcome(direct(loss, data, known.to_dense() != 0), model, direction)
    assert_alike(outcome(lambda m: gcp(data, m, loss, mask=known), model, direction), expected)


@pytest.mark.parametrize("loss", ["gaussian", "poisson", "gamma"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_masks_and_weights_of_dense_and_sparse_data(loss, masked, weighted, rng):
    data, model, direction = binary_data(), positive_model(), positive_model(seed=3)
    mask = rng.random(SHAPE) < 0.6 if masked else None
    weights = rng.random(SHAPE) if weighted else None
    observed = np.ones(SHAPE, bool) if mask is None else mask
    factors = np.ones(SHAPE) if weights is None else weights
    expected = outcome(direct(loss, data, observed, factors), model, direction)
    sparse = SparseTensor.from_array(data)
    kinds = [(data, mask, weights), (sparse, mask, weights)]
    if masked:
        known, holes = SparseTensor.from_array(mask), np.where(mask, data, np.nan)
        kinds += [(data, known, weights), (sparse, known, weights)]
        kinds += [(holes, mask, weights), (holes, known, weights)]
    if weighted:
        some = SparseTensor.from_array(np.where(observed, weights, 0))
        kinds += [(data, mask, some), (sparse, None, some)]
    norm = np.sum(np.where(observed, data**2, 0) * factors) ** 0.5
    for d, m, w in kinds:
        loss_of = lambda t, d=d, m=m, w=w: gcp(d, t, loss, mask=m, weights=w)  # noqa: E731
        assert_alike(outcome(loss_of, model, direction), expected)
        np.testing.assert_allclose(observe(d, m, w).norm, norm)
    if masked:
        for d, m in [(data, mask), (sparse, mask), (data, known)]:
            assert observe(d, m).count == np.count_nonzero(mask)


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=5),
    st.integers(1, 40),
    st.integers(1, 5),
    st.sampled_from("CF"),
)
def test_blocks_of_any_size_give_the_same(shape, size, least, order):
    data, model = np.asarray(binary_data(shape), order=order), positive_model(shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        patch.setattr(blocks, "LEAST", least)
        value, gradient = ta.value_and_grad(lambda m: gcp(data, m, "poisson"))(model)
    expected = ta.value_and_grad(direct("poisson", data))(model)
    assert_alike([value, *tree.leaves(gradient)], [expected[0], *tree.leaves(expected[1])])


def test_blocks_cover_a_matrix_once():
    for rows, columns in [(1, 10**7), (10**7, 1), (3, 70_000), (1000, 1000), (100_000, 100_000)]:
        count, last = 0, -1
        for down, across in blocks.blocks(rows, columns):
            height, width = down.stop - down.start, across.stop - across.start
            assert 0 < height * width <= blocks.BLOCK
            assert down.start * columns + across.start > last
            last = down.start * columns + across.start
            count += height * width
            if count > 3 * 10**7:
                break
        else:
            assert count == rows * columns


def test_a_mapped_file_is_read_in_slabs(tmp_path):
    """Of 32 MB, value, gradient and Hessian-vector product hold a few blocks at a time."""
    shape = (40, 250, 400)
    for order in "CF":
        mapped = np.lib.format.open_memmap(
            tmp_path / f"{order}.npy", "w+", np.float64, shape, fortran_order=order == "F"
        )
        mapped[:] = 1.0
        mapped.flush()
        data = np.load(tmp_path / f"{order}.npy", mmap_mode="r")
        model = positive_model(shape)
        gcp(data, model, "poisson")
        tracemalloc.start()
        objective = Objective(data, "poisson")
        value, gradient = objective.value_and_grad(model)
        objective.hvp(model, model)
        norm = objective.observations.norm
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 14e6
        np.testing.assert_allclose(norm, 2000.0)
        np.testing.assert_allclose(value, gcp(np.ones(shape), model, "poisson"))
        expected = ta.grad(lambda m: gcp(np.ones(shape), m, "poisson"))(model)
        assert_alike(tree.leaves(gradient), tree.leaves(expected))


def test_sparse_data_whose_dense_tensor_would_not_fit():
    rng = np.random.default_rng(0)
    shape = (10**6, 10**5, 10**6)
    data = SparseTensor([rng.integers(0, n, 50) for n in shape], rng.integers(1, 5, 50), shape)
    model = CPTensor(None, [np.full((n, 1), 1e-3) for n in shape])
    entry = 1e-9
    expected = entry * 1e17 - np.sum(data.values) * np.log(entry + 1e-10)
    np.testing.assert_allclose(gcp(data, model, "poisson"), expected)
    np.testing.assert_allclose(
        gcp(data, model), np.sum((data.values - entry) ** 2 - entry**2) + entry**2 * 1e17
    )
    gradient = ta.grad(lambda m: gcp(data, m, "poisson"))(model)
    assert gradient.factors[0].shape == (10**6, 1)


def test_data_of_other_types(rng):
    model = positive_model((4, 6))
    dense = binary_data((4, 6))
    expected = gcp(dense, model, "poisson")
    kinds = [dense.astype(int), dense.astype(bool), dense.tolist(), scipy.sparse.csr_array(dense)]
    kinds += [dense.astype(np.float32), dense[::-1][::-1], np.moveaxis(dense.T.copy(), 0, 1)]
    for data in kinds:
        np.testing.assert_allclose(gcp(data, model, "poisson"), expected, rtol=1e-12)
    wide = rng.random((3, 4, 5, 2)).transpose(2, 0, 3, 1)  # neither order of memory
    model = positive_model(wide.shape)
    np.testing.assert_allclose(gcp(wide, model), squared_error(wide, model, residual=True))


def test_gradients_in_data_and_weights():
    data, model = binary_data((3, 4)), positive_model((3, 4))
    weights = np.random.default_rng(2).random((3, 4))
    sparse = SparseTensor.from_array(data)

    def dense(x, w):
        return gcp(x, model, "poisson", weights=w, mask=data < 2)

    ta.testing.check_gradients(dense, (data + 0.5, weights), order=2).raise_if_failed()
    ta.testing.check_gradients(
        lambda v: gcp(sparse.with_values(v), model, "poisson"), (sparse.values + 0.5,), order=2
    ).raise_if_failed()


def test_reverse_over_reverse_and_compiled():
    data, model, direction = binary_data(), positive_model(), positive_model(seed=2)

    def slope(function):
        gradient = ta.grad(function)
        return lambda m: sum(
            tnp.vdot(g, d)
            for g, d in zip(tree.leaves(gradient(m)), tree.leaves(direction), strict=True)
        )

    for kind in (data, SparseTensor.from_array(data)):
        loss = lambda m, k=kind: gcp(k, m, "negative_binomial")  # noqa: E731
        twice = ta.grad(slope(loss))(model)
        assert_alike(tree.leaves(twice), tree.leaves(ta.hvp(loss, model, direction)))
        value, gradient = ta.compile(ta.value_and_grad(loss))(model)
        expected = ta.value_and_grad(loss)(model)
        assert_alike([value, *tree.leaves(gradient)], [expected[0], *tree.leaves(expected[1])])


@pytest.mark.parametrize("threads", [1, 2])
def test_sparse_gradients_are_bitwise_the_same_on_any_number_of_threads(threads):
    rng = np.random.default_rng(0)
    shape = (20, 300, 400)
    data = SparseTensor([rng.integers(0, n, 30_000) for n in shape], np.ones(30_000), shape)
    model = positive_model(shape, 5)
    function = ta.value_and_grad(lambda m: gcp(data, m, "poisson"))
    with ta.config.threads(3):
        expected = tree.leaves(function(model))
    with ta.config.threads(threads):
        for got, wanted in zip(tree.leaves(function(model)), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_objective_and_ridge():
    data, model = binary_data(), positive_model()
    objective = Objective(data, "poisson", ridge=0.5, l1=2.0)
    squares = sum(np.sum(f**2) for f in model.factors)
    np.testing.assert_allclose(objective(model), gcp(data, model, "poisson") + 0.5 * squares)
    np.testing.assert_allclose(objective(model), gcp(data, model, "poisson", ridge=0.5))
    value, gradient = objective.value_and_grad(model)
    plain = ta.grad(lambda m: gcp(data, m, "poisson"))(model)
    np.testing.assert_allclose(gradient.factors[1], plain.factors[1] + model.factors[1])
    np.testing.assert_allclose(gradient.weights, plain.weights)
    product = objective.hvp(model, model)
    assert_alike(tree.leaves(product), tree.leaves(ta.hvp(objective, model, model)))
    assert objective.lower == 0.0 and Objective(data).lower == -np.inf
    assert Objective(data, nonnegative=True).lower == 0.0
    stepped = objective.proximal(model, 0.05)
    np.testing.assert_allclose(stepped.factors[0], np.maximum(model.factors[0] - 0.1, 0))
    np.testing.assert_array_equal(stepped.weights, model.weights)
    assert value == objective(model)


def test_sketches_are_those_of_what_is_observed(rng):
    data, model = binary_data(), positive_model()
    mask, weights = rng.random(SHAPE) < 0.6, rng.random(SHAPE)
    expected = observe(np.where(mask, data * weights, 0)).mttkrps(model.factors)
    sparse, observed = SparseTensor.from_array(data), SparseTensor.from_array(mask)
    for kind in [(data, mask), (sparse, mask), (data, observed), (sparse, observed)]:
        found = observe(*kind, weights).mttkrps(model.factors)
        for got, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(got, wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: gcp(np.ones((2, 2)), m), ShapeError, "model's shape"),
        (lambda m: gcp(np.ones(SHAPE), m, mask=np.ones((2, 2), bool)), ShapeError, "wanted a mask"),
        (lambda m: gcp(np.ones(SHAPE), m, weights=np.ones(3)), ShapeError, "wanted weights"),
        (lambda m: gcp(np.ones(SHAPE), m, mask=np.ones(SHAPE)), DTypeError, "mask of booleans"),
        (lambda m: gcp(np.ones(SHAPE) + 1j, m), DTypeError, "real numbers as data"),
        (lambda m: gcp(np.ones(SHAPE), tree.map(lambda p: p + 1j, m)), DTypeError, "real model"),
        (lambda m: gcp(-np.ones(SHAPE), m, "poisson"), ArgumentError, "from 0 on, got -1.0"),
        (
            lambda m: gcp(SparseTensor.from_array(-np.ones(SHAPE)), m, "gamma"),
            ArgumentError,
            "gamma loss is for data from 0 on",
        ),
        (lambda m: gcp(np.ones(SHAPE), m, "poison"), ArgumentError, "wanted one of"),
        (lambda m: Objective(np.ones(SHAPE), ridge=-1.0), ArgumentError, "ridge"),
    ],
)
def test_what_is_wrong_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call(positive_model())
