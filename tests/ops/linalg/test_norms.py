import numpy as np
import pytest

from tenrso_ad.engine.errors import ArgumentError, AxisError, LinAlgError, ShapeError
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.linalg.norms import cond, matrix_norm, norm, vector_norm
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.transforms import grad, hessian, jvp
from tests.ops.table import Case, each

VECTOR_ORDERS = [None, 2, 1, 3, 0.5, 1.5, -1, -2.5, np.inf, -np.inf]
MATRIX_ORDERS = [None, "fro", "f", "nuc", 2, -2, 1, -1, np.inf, -np.inf]


def apart(*shape):
    """Values of either sign: no two absolute values are equal, none is zero, no sums tie."""
    return lambda rng: (
        rng.choice([-1.0, 1.0], size=shape)
        * (rng.permutation(int(np.prod(shape))).reshape(shape) + 1) ** 0.7
        * 0.3
    )


def regular(*shape):
    """Matrices far from singular ones."""
    return lambda rng: rng.normal(size=shape) + 3 * np.eye(shape[-1])


def case(shape, order=2, **options):
    name = f"norm {order} {shape} {options}"
    return Case(
        name,
        lambda x: norm(x, **options),
        apart(*shape),
        reference=lambda x: np.linalg.norm(x, **options),
        complex=True,
        imaginary=0.01,
        order=order,
    )


CASES = [
    *[case((4,), ord=p) for p in VECTOR_ORDERS],
    *[case((2, 3), 1, ord=p, axis=-1, keepdims=True) for p in VECTOR_ORDERS],
    *[case((3, 2), ord=p) for p in MATRIX_ORDERS],
    *[case((2, 3, 2), 1, ord=p, axis=(2, 0)) for p in MATRIX_ORDERS],
    *[case((2, 3, 2), 1, ord=p, axis=(-2, -1), keepdims=True) for p in MATRIX_ORDERS],
    case((2, 3, 2)),
    case((2, 3, 2), keepdims=True),
    case((2, 3), axis=0),
    *[
        Case(f"vector_norm {options}", lambda x, o=options: vector_norm(x, **o), apart(2, 3, 2),
             reference=lambda x, o=options: np.linalg.vector_norm(x, **o), complex=True,
             imaginary=0.01, order=1)
        for options in [{}, {"axis": (2, 0), "ord": 3}, {"axis": 1, "keepdims": True, "ord": -1},
                        {"axis": (0, 2), "ord": np.inf, "keepdims": True}]
    ],
    *[
        Case(f"matrix_norm {options}", lambda x, o=options: matrix_norm(x, **o), apart(2, 3, 2),
             reference=lambda x, o=options: np.linalg.matrix_norm(x, **o), order=1)
        for options in [{}, {"ord": "nuc", "keepdims": True}, {"ord": -1}]
    ],
    *[
        Case(f"cond {p}", lambda x, p=p: cond(x, p), regular(3, 3), complex=p in (None, "fro"),
             imaginary=0.1, reference=lambda x, p=p: np.real(np.linalg.cond(x, p)),
             order=2 if p in (None, "fro") else 1)
        for p in [None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf]
    ],
    Case("cond stack", cond, apart(2, 3, 2), reference=np.linalg.cond, order=1),
    Case("norm 0", lambda x: norm(x, 0, axis=0), apart(2, 3), differentiable=False,
         reference=lambda x: np.linalg.norm(x, 0, axis=0)),
]  # fmt: skip


@pytest.mark.parametrize("shape", [(0,), (0, 0), (0, 3), (3, 0), (2, 0, 0)])
@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_the_norm_of_nothing_is_zero(shape, order):
    x = np.ones(shape, np.float32)
    results = [(vector_norm(x, ord=order), ())]
    if len(shape) > 1:
        results.append((matrix_norm(x, ord=order), shape[:-2]))
    for result, left in results:
        assert (result.dtype, result.shape) == (np.float32, left)
        np.testing.assert_array_equal(result, np.zeros(left))


@each(CASES)
def test_operations(check):
    check()


@pytest.mark.parametrize("order", [None, 2, 1, 3, 0.5, 1.5, -1, 0, np.inf, -np.inf])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_gradient_at_zero_is_zero(order):
    np.testing.assert_array_equal(grad(lambda x: norm(x, order))(np.zeros(3)), np.zeros(3))
    _, tangent = jvp(lambda x: norm(x, order), (np.zeros(3),), (np.ones(3),))
    assert tangent == 0


@pytest.mark.parametrize("order", MATRIX_ORDERS)
def test_gradient_at_a_zero_matrix_is_zero(order):
    gradient = grad(lambda x: norm(x, order))(np.zeros((3, 2)))
    np.testing.assert_array_equal(gradient, np.zeros((3, 2)))


def test_zero_elements_have_no_share():
    x = np.array([0.0, 3.0, 4.0])
    np.testing.assert_allclose(grad(norm)(x), [0, 0.6, 0.8])
    np.testing.assert_array_equal(grad(lambda x: norm(x, 1))(x), [0, 1, 1])
    expected = [0, *(np.array([3, 4]) ** -0.5 * (3**0.5 + 4**0.5))]
    np.testing.assert_allclose(grad(lambda x: norm(x, 0.5))(x), expected)


def test_only_the_norm_of_the_zero_row_is_flat():
    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(grad(lambda x: total(norm(x, axis=1)))(x), [[0, 0], [0.6, 0.8]])
    second = hessian(lambda x: total(norm(x, axis=1)))(x)
    assert np.isfinite(second).all()
    np.testing.assert_allclose(second[1, :, 1, :], [[16 / 125, -12 / 125], [-12 / 125, 9 / 125]])


def test_ties_share_evenly():
    gradient = grad(lambda x: norm(x, np.inf))(np.array([-2.0, 1.0, 2.0]))
    np.testing.assert_array_equal(gradient, [-0.5, 0, 0.5])


def test_gradient_of_the_nuclear_norm_is_the_polar_factor(rng):
    a = rng.normal(size=(4, 3))
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    np.testing.assert_allclose(grad(lambda a: norm(a, "nuc"))(a), u @ vh)


def test_unused_norm_of_infinity():
    x = np.array([np.inf, 1.0])
    gradient = grad(lambda x: ew.where(False, norm(x), total(x)))(x)
    np.testing.assert_array_equal(gradient, [1, 1])


def test_integers_and_single_precision():
    assert norm([3, 4]) == 5
    x = np.array([3, 4], np.float32)
    for order in (None, 1, 3, np.inf, 0):
        assert norm(x, order).dtype == np.float32


@pytest.mark.parametrize("p", [None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["zero", "singular", "not a number"])
def test_condition_of_singular_matrices(p, kind):
    a = np.stack([np.diag([1.0, 0.0]), np.array([[3.0, 1.0], [1.0, 1.0]])])
    if kind == "zero":
        a[0] = 0
    if kind == "not a number":
        if p in (None, 2, -2, "nuc"):
            pytest.skip("NaN has no singular values")
        a[0] = np.nan
    expected = [np.inf, cond(a[1], p)] if p == "nuc" else np.linalg.cond(a, p)  # its own raises
    np.testing.assert_allclose(cond(a, p), expected)
    gradient = grad(lambda a: cond(a, p)[1])(a)
    np.testing.assert_array_equal(gradient[0], np.zeros((2, 2)))
    assert np.isfinite(gradient[1]).all()


def test_numbers_and_none():
    assert vector_norm(-3.0) == 3 and vector_norm(np.array([3, 4]), ord=None) == 5
    assert matrix_norm(np.eye(3), ord=None) == np.sqrt(3)
    np.testing.assert_array_equal(
        grad(lambda x: vector_norm(x))(np.zeros((2, 2))), np.zeros((2, 2))
    )


@pytest.mark.parametrize(
    ("function", "x", "error", "message"),
    [
        (lambda x: cond(x, 1), np.zeros((2, 3)), ShapeError, r"cond\(float64\[2,3\]\): wants sq"),
        (lambda x: cond(x, 3), np.eye(2), ArgumentError, r"cond\(.*\): the ord of a matrix"),
        (cond, np.zeros((0, 0)), LinAlgError, "matrices without elements"),
        (matrix_norm, np.zeros(3), ShapeError, r"matrix_norm\(float64\[3\]\): wants matrices"),
        (lambda x: matrix_norm(x, ord=3), np.eye(2), ArgumentError, "matrix_norm.*got 3"),
        (lambda x: vector_norm(x, ord="fro"), np.eye(2), ArgumentError, "vector_norm.*'fro'"),
        (lambda x: vector_norm(x, axis=2), np.eye(2), AxisError, "vector_norm.*axis 2"),
    ],
)
def test_errors_of_the_others(function, x, error, message):
    with pytest.raises(error, match=message):
        function(x)


@pytest.mark.parametrize(
    ("shape", "options", "error", "message"),
    [
        ((2, 2, 2), {"ord": 2}, ShapeError, "without axis= wants a vector or a matrix"),
        ((3,), {"ord": "fro"}, ArgumentError, r"norm\(float64\[3\]\).*ord of a vector.*'fro'"),
        ((3, 3), {"ord": 3}, ArgumentError, r"ord of a matrix.*'nuc'.*got 3"),
        ((3, 3), {"ord": "nuk"}, ArgumentError, "got 'nuk'"),
        ((3, 3), {"axis": (0, 0)}, ArgumentError, "twice"),
        ((3, 3), {"axis": 2}, AxisError, "axis 2"),
        ((2, 2, 2), {"axis": (0, 1, 2)}, ArgumentError, "one axis or two"),
    ],
)
def test_errors(shape, options, error, message):
    with pytest.raises(error, match=message):
        norm(np.zeros(shape), **options)
