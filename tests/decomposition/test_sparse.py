"""Sparse tensors: what is built, and products with a model against those of the dense tensor."""

import pickle
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
    SparseTensor,
    inner,
    mttkrp,
    mttkrps,
    sparse_kernels,
    squared_error,
)
from tenrso_ad.decomposition.sparse_layout import linear_keys
from tenrso_ad.engine.errors import ArgumentError, DTypeError, IndexingError, ShapeError


def random_sparse(shape, nnz, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    coords = [rng.integers(0, length, nnz) for length in shape]
    return SparseTensor(coords, rng.normal(size=nnz).astype(dtype), shape)


def random_model(shape, rank, seed=1, dtype=np.float64):
    rng = np.random.default_rng(seed)
    factors = [rng.normal(size=(length, rank)).astype(dtype) for length in shape]
    return CPTensor(rng.normal(size=rank).astype(dtype), factors)


# --- what is built --------------------------------------------------------------------------------


def test_duplicates_are_added_and_zeros_kept():
    tensor = SparseTensor([[1, 0, 1, 0], [2, 0, 2, 1]], [1, 2, 3, 0], shape=(2, 3))
    assert tensor.nnz == 3
    np.testing.assert_array_equal(tensor.to_dense(), [[2, 0, 0], [0, 0, 4]])
    assert tensor.shape == (2, 3) and tensor.ndim == 2 and tensor.dtype == np.float64
    np.testing.assert_array_equal(tensor.to_dense()[tuple(tensor.coords)], tensor.values)


def test_the_shape_is_that_of_the_largest_indices():
    assert SparseTensor([[0, 3], [1, 0], [0, 0]], [1.0, 2.0]).shape == (4, 2, 1)


@pytest.mark.parametrize("kind", ["coo_array", "csr_array", "csc_matrix"])
def test_arrays_of_scipy(kind, rng):
    dense = rng.normal(size=(4, 5)) * (rng.random((4, 5)) < 0.4)
    array = getattr(scipy.sparse, kind)(dense)
    np.testing.assert_array_equal(SparseTensor.from_array(array).to_dense(), dense)
    model = random_model((4, 5), 2)
    np.testing.assert_allclose(inner(array, model), inner(dense, model), rtol=1e-12)
    for got, wanted in zip(
        mttkrps(array, model.factors), mttkrps(dense, model.factors), strict=True
    ):
        np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_arrays_of_pydata_sparse(rng):
    sparse = pytest.importorskip("sparse")
    dense = rng.normal(size=(3, 4, 2)) * (rng.random((3, 4, 2)) < 0.4)
    for array in (sparse.COO(dense), sparse.GCXS(dense), sparse.DOK(dense)):
        np.testing.assert_array_equal(SparseTensor.from_array(array).to_dense(), dense)
    with pytest.raises(ArgumentError, match="fill_value"):
        SparseTensor.from_array(sparse.COO(dense, fill_value=1.0))


def test_a_dense_array_and_a_sparse_tensor():
    dense = np.array([[[0.0, 1.0], [2.0, 0.0]]])
    tensor = SparseTensor.from_array(dense)
    assert tensor.nnz == 2 and SparseTensor.from_array(tensor) is tensor
    np.testing.assert_array_equal(tensor.to_dense(), dense)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[0, 1]], [1.0, 2.0]), ShapeError, "2 or more modes, got 1"),
        (([[0, 1], [0]], [1.0, 2.0]), ShapeError, r"\(2,\), \(1,\)"),
        (([[0.0], [1.0]], [1.0]), DTypeError, "integers as indices, got float64 in mode 0"),
        (([[0], [1]], [1.0, 2.0]), ShapeError, r"each of the 1 places, got values of shape \(2,\)"),
        (([[0], [1]], [1j]), DTypeError, "complex128"),
        (([[0], [1]], ["a"]), DTypeError, "real numbers"),
        (([[0, 1], [1, 0]], [1.0, np.nan]), ArgumentError, r"nan at \(1, 0\)"),
        (([[0, 1], [1, -1]], [1.0, 2.0], (2, 2)), IndexingError, "index -1 of nonzero 1 .* mode 1"),
        (([[0, 2], [1, 0]], [1.0, 2.0], (2, 2)), IndexingError, "index 2 of nonzero 1 .* 0 to 1"),
        (([[2**40], [0]], [1.0]), ShapeError, "at most"),
        (([[-3], [0]], [1.0]), IndexingError, "index -3"),
        (([[0], [1]], [1.0], (2, 2, 2)), ShapeError, "has 3 modes, the coordinates have 2"),
        (([[0], [1]], [1.0], (2, 0)), ShapeError, "between 1 and"),
        ((np.zeros((3, 0), int), []), ArgumentError, "shape has to be given"),
    ],
)
def test_what_is_wrong_is_said(arguments, error, message):
    with pytest.raises(error, match=message):
        SparseTensor(*arguments)


def test_dtypes():
    for dtype, kept in [(np.float32, np.float32), (np.float16, np.float32), (">f8", np.float64)]:
        assert SparseTensor([[0], [1]], np.ones(1, dtype)).dtype == kept
    for dtype in (np.int8, np.uint64, bool, np.longdouble):
        assert SparseTensor([[0], [1]], np.ones(1, dtype)).dtype == np.float64


def test_a_dense_tensor_too_large_is_refused():
    with pytest.raises(ArgumentError, match="GiB"):
        SparseTensor([[0], [0], [0]], [1.0], (10**6, 10**6, 10**6)).to_dense()


def test_entries_and_other_values():
    tensor = random_sparse((3, 4, 5), 20)
    dense = tensor.to_dense()
    everywhere = np.array(list(np.ndindex(3, 4, 5)))
    np.testing.assert_array_equal(tensor.entries(everywhere), dense.ravel())
    np.testing.assert_array_equal(tensor.entries(tuple(everywhere.T)), dense.ravel())
    np.testing.assert_array_equal(tensor.with_values(2 * tensor.values).to_dense(), 2 * dense)
    with pytest.raises(ShapeError, match="values of shape"):
        tensor.with_values(np.ones(3))
    empty = SparseTensor(np.zeros((3, 0), int), [], (3, 4, 5))
    np.testing.assert_array_equal(empty.entries(everywhere), np.zeros(60))


def test_shapes_whose_entries_cannot_be_counted_in_64_bits(rng):
    shape = (2**30, 2**31 - 1, 2**29, 7)
    coords = np.stack([rng.integers(0, n, 300) for n in shape])
    coords[:, 200:] = coords[:, :100]  # duplicates
    tensor = SparseTensor(coords, np.ones(300), shape)
    assert tensor.nnz == 200
    np.testing.assert_array_equal(tensor.entries(coords.T), [2.0] * 100 + [1.0] * 100 + [2.0] * 100)
    modes = tensor.layout.modes
    order = np.lexsort([coords[m] for m in reversed(modes)])
    assert (np.diff(linear_keys(shape, coords[:, order], modes)) >= 0).all()


def test_it_is_a_pytree_and_pickles():
    tensor = random_sparse((3, 4), 5)
    gradient = ta.grad(lambda t: tnp.sum(t.values**2))(tensor)
    assert isinstance(gradient, SparseTensor) and gradient.layout is tensor.layout
    np.testing.assert_allclose(gradient.values, 2 * tensor.values)
    again = pickle.loads(pickle.dumps(tensor))
    np.testing.assert_array_equal(again.to_dense(), tensor.to_dense())
    assert repr(tensor) == f"SparseTensor(shape=(3, 4), nnz={tensor.nnz}, dtype=float64)"


def test_building_takes_memory_in_proportion_to_the_nonzeros():
    count = 200_000
    rng = np.random.default_rng(0)
    coords, values = rng.integers(0, 10**6, (3, count)), rng.normal(size=count)
    tracemalloc.start()
    tensor = SparseTensor(coords, values, (10**6,) * 3)
    for mode in range(3):
        tensor.layout.sorted_by(mode)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150 * count  # bytes; a dense tensor would take 4e13 for each


# --- products against those of the dense tensor ---------------------------------------------------


@st.composite
def patterns(draw):
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=2, max_size=5)))
    nnz = draw(st.integers(0, 25))
    coords = [draw(st.lists(st.integers(0, n - 1), min_size=nnz, max_size=nnz)) for n in shape]
    values = draw(st.lists(st.integers(-3, 3), min_size=nnz, max_size=nnz))
    return SparseTensor(np.array(coords, int).reshape(len(shape), nnz), values, shape)


@settings(max_examples=60)
@given(patterns(), st.sampled_from([1, 4, 5, 19]))
def test_products_are_those_of_the_dense_tensor(tensor, rank):
    model, dense = random_model(tensor.shape, rank), tensor.to_dense()
    expected = mttkrps(dense, model.factors)
    for mode, (got, wanted) in enumerate(
        zip(mttkrps(tensor, model.factors), expected, strict=True)
    ):
        np.testing.assert_allclose(got, wanted, atol=1e-10)
        np.testing.assert_array_equal(mttkrp(tensor, model.factors, mode), got)
    np.testing.assert_allclose(inner(tensor, model), inner(dense, model), atol=1e-10)
    entries = model.to_dense()[tensor.layout.coordinates]
    np.testing.assert_allclose(tensor.model_entries(model), entries, atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(300, 400), (2, 50, 3000), (1, 20, 30, 40)])
def test_many_nonzeros_on_any_number_of_threads_are_bitwise_the_same(shape, dtype):
    """Rows go over the borders of chunks, the two of the short mode over several of them."""
    tensor, model = random_sparse(shape, 40_000, dtype=dtype), random_model(shape, 6, dtype=dtype)
    results = []
    for threads in (1, 2, 5):
        with ta.config.threads(threads):
            value, gradient = ta.value_and_grad(lambda m: inner(tensor, m))(model)
            results.append([value, *mttkrps(tensor, model.factors), *gradient.factors])
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
    assert all(r.dtype == dtype for r in results[0])
    assert tensor.nnz > sparse_kernels.CHUNK
    expected = mttkrps(tensor.to_dense().astype(np.float64), model.factors)
    for got, wanted in zip(results[0][1:], expected, strict=False):
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(
            got, wanted, atol=scale * (3e-5 if dtype == np.float32 else 1e-13)
        )


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 2, 3)])
def test_derivatives_to_second_order(shape):
    tensor, model = random_sparse(shape, 15), random_model(shape, 3)

    def entries(weights, factors, values):
        product = tensor.with_values(values).model_entries(CPTensor(weights, factors))
        return tnp.sum(tnp.sin(product) * values)

    def products(factors, values):
        sketches = mttkrps(tensor.with_values(values), factors)
        return sum(tnp.sum(tnp.sin(s)) for s in sketches) + tnp.sum(
            mttkrp(tensor.with_values(values), factors, 1) ** 2
        )

    values = tensor.values
    ta.testing.check_gradients(
        entries, (model.weights, model.factors, values), order=2
    ).raise_if_failed()
    ta.testing.check_gradients(products, (model.factors, values), order=2).raise_if_failed()


def test_derivatives_of_third_and_fourth_order_are_those_of_the_dense_tensor():
    tensor, model = random_sparse((3, 2, 4), 9), random_model((3, 2, 4), 2)
    arguments = (*model.factors, tensor.values)
    direction = tuple(np.full_like(a, 0.3) for a in arguments)
    places = tuple(range(len(arguments)))

    def sparse(*a):
        return sum(tnp.sum(tnp.sin(m)) for m in mttkrps(tensor.with_values(a[-1]), a[:-1]))

    def dense(*a):
        full = tnp.at(np.zeros(tensor.shape))[tensor.layout.coordinates].set(a[-1])
        return sum(tnp.sum(tnp.sin(m)) for m in mttkrps(full, a[:-1]))

    def squares(function):
        return lambda *a: sum(tnp.sum(g**2) for g in ta.grad(function, argnums=places)(*a))

    def along(function):
        return lambda *a: ta.jvp(function, a, direction)[1]

    def derivatives(f):
        return [
            *ta.grad(along(along(f)), argnums=places)(*arguments),
            *ta.grad(squares(along(f)), argnums=places)(*arguments),
            *ta.grad(squares(squares(f)), argnums=places)(*arguments),
            along(along(along(f)))(*arguments),
        ]

    for got, wanted in zip(derivatives(sparse), derivatives(dense), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9)


def test_vmap_and_compile():
    tensor, model = random_sparse((4, 3, 5), 20), random_model((4, 3, 5), 2)
    loss = lambda values: inner(tensor.with_values(values), model)  # noqa: E731
    batch = np.stack([tensor.values, 2 * tensor.values])
    np.testing.assert_allclose(ta.vmap(loss)(batch), [loss(b) for b in batch])
    for got, wanted in zip(
        ta.vmap(lambda v: mttkrps(tensor.with_values(v), model.factors))(batch),
        mttkrps(tensor, model.factors),
        strict=True,
    ):
        np.testing.assert_allclose(got, [wanted, 2 * wanted])
    function = ta.value_and_grad(lambda m: inner(tensor, m))
    value, gradient = ta.compile(function)(model)
    expected = function(model)
    np.testing.assert_allclose(value, expected[0], rtol=1e-12)
    np.testing.assert_allclose(gradient.factors[1], expected[1].factors[1], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_squared_error_and_its_hessian_vector_product(dtype):
    shape = (5, 4, 3)
    tensor, model = random_sparse(shape, 20, dtype=dtype), random_model(shape, 3, dtype=dtype)
    dense, direction = tensor.to_dense(), random_model(shape, 3, 2, dtype)
    rtol = 1e-4 if dtype == np.float32 else 1e-10
    pairs = []
    for data in (tensor, dense):
        error = lambda m, data=data: squared_error(data, m)  # noqa: E731
        value, gradient = ta.value_and_grad(error)(model)
        product = ta.hvp(error, model, direction)
        pairs.append(
            [value, gradient.weights, *gradient.factors, product.weights, *product.factors]
        )
    for got, wanted in zip(*pairs, strict=True):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol * np.abs(wanted).max())


def test_mixed_dtypes_take_the_wider_and_complex_factors_are_refused():
    tensor, model = random_sparse((3, 4), 5, dtype=np.float32), random_model((3, 4), 2)
    assert mttkrp(tensor, model.factors, 0).dtype == np.float64
    assert mttkrp(tensor, [f.astype(np.float32) for f in model.factors], 0).dtype == np.float32
    with pytest.raises(DTypeError, match="complex"):
        mttkrp(tensor, [f + 1j for f in model.factors], 0)
    with pytest.raises(ShapeError, match="factors of shapes"):
        mttkrp(tensor, model.factors[::-1], 0)
    with pytest.raises(ShapeError, match="model's shape"):
        inner(tensor, random_model((4, 3), 2))
