"""The extension linalg against array_api_strict."""

import array_api_strict as strict
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tests.array_api import strategies
from tests.array_api.agreement import assert_equal, few, holds, ours
from tests.array_api.strategies import along, arrays, call, depending, shapes, xps

xp = ta.array_api
BOOL = st.booleans()
STACKS = st.sampled_from([(), (2,), (0,), (1, 2)])


def matrices(kind="floating", square=False):
    """Stacks of small matrices without special values."""
    lengths = st.integers(0, 3)
    sides = lengths.map(lambda n: (n, n)) if square else st.tuples(lengths, lengths)
    shape = st.tuples(STACKS, sides).map(lambda parts: parts[0] + parts[1])
    return arrays(kind, shape, special=False)


def conjugate_transpose(x):
    return strict.conj(x).mT


def multiple_of_eye(x, factor):
    return factor * strict.eye(x.shape[-1], dtype=x.dtype)


def regular():
    """Square matrices far from singular."""
    return matrices(square=True).map(lambda x: x + multiple_of_eye(x, 9.0))


def definite():
    """Hermitian positive definite matrices."""
    return matrices(square=True).map(lambda x: x @ conjugate_transpose(x) + multiple_of_eye(x, 1.0))


def hermitian():
    return matrices(square=True).map(lambda x: x + conjugate_transpose(x))


@st.composite
def products(draw, vectors=True):
    """Two operands of matmul: stacks that broadcast, or vectors."""
    n, k, m = (draw(st.integers(0, 3)) for _ in range(3))
    first, second = draw(strategies.promotable("numeric"))
    stacks = draw(xps.mutually_broadcastable_shapes(2, max_dims=2, max_side=2)).input_shapes
    sides = [(*stacks[0], n, k), (*stacks[1], k, m)]
    if vectors:
        sides = [draw(st.sampled_from([s, (k,)])) for s in sides]
    x1, x2 = (
        draw(strategies.of_dtype(name, side, special=False))
        for name, side in zip((first, second), sides, strict=True)
    )
    return (x1, x2), {}


@st.composite
def tensordot(draw):
    first, second = draw(strategies.promotable("numeric"))
    common = draw(shapes(max_dims=2))
    left, right = draw(shapes(max_dims=2)), draw(shapes(max_dims=2))
    x1 = draw(strategies.of_dtype(first, left + common, special=False))
    x2 = draw(strategies.of_dtype(second, common + right, special=False))
    n = len(common)
    if draw(BOOL):
        return (x1, x2), {"axes": n}
    order = draw(st.permutations(range(n)))
    return (x1, x2), {"axes": ([i - n for i in order], list(order))}


@st.composite
def vecdot(draw):
    first, second = draw(strategies.promotable("numeric"))
    length = draw(st.integers(0, 3))
    sides = draw(xps.mutually_broadcastable_shapes(2, max_dims=2, max_side=3)).input_shapes
    x1, x2 = (
        draw(strategies.of_dtype(name, (*side, length), special=False))
        for name, side in zip((first, second), sides, strict=True)
    )
    axis = draw(st.sampled_from([None, -1, -2]))
    if axis == -2 and min(x1.ndim, x2.ndim) > 1:
        swap = lambda x: strict.moveaxis(x, -1, -2)  # noqa: E731
        return (swap(x1), swap(x2)), {"axis": -2}
    return (x1, x2), {} if axis is None else {"axis": -1}


@st.composite
def solve(draw):
    x1 = draw(regular())
    n, name = x1.shape[-1], str(x1.dtype).rpartition(".")[2]
    side = (n,) if draw(BOOL) else (*x1.shape[:-1], draw(st.integers(0, 2)))
    return (x1, draw(strategies.of_dtype(name, side, special=False))), {}


@st.composite
def cross(draw):
    first, second = draw(strategies.promotable("numeric"))
    sides = draw(xps.mutually_broadcastable_shapes(2, max_dims=2, max_side=3)).input_shapes
    x1, x2 = (
        draw(strategies.of_dtype(name, (*side, 3), special=False))
        for name, side in zip((first, second), sides, strict=True)
    )
    return (x1, x2), {}


RTOL = st.sampled_from([None, 1e-3, 0.3])
test_exact = holds(
    {
        "matmul": products(),
        "linalg.matmul": products(vectors=False),
        "matrix_transpose": call(matrices("any")),
        "linalg.matrix_transpose": call(matrices("any")),
        "tensordot": tensordot(),
        "linalg.tensordot": tensordot(),
        "vecdot": vecdot(),
        "linalg.vecdot": vecdot(),
        "linalg.cross": cross(),
        "linalg.diagonal": depending(
            matrices("any"),
            offset=lambda x: (
                st.integers(1 - x.shape[-2], x.shape[-1] - 1) if min(x.shape[-2:]) else st.just(0)
            ),
        ),
        "linalg.outer": st.tuples(
            strategies.promotable("numeric").flatmap(
                lambda names: st.tuples(
                    *[strategies.of_dtype(n, shapes(1, 1), special=False) for n in names]
                )
            ),
            st.just({}),
        ),
        "linalg.trace": call(matrices("numeric"), offset=st.integers(-1, 1)),
        "linalg.trace dtype": call(matrices("float"), dtype=st.just(strict.float64)),
        "linalg.matrix_power": call(matrices("floating", square=True), st.integers(0, 3)),
        "linalg.matrix_rank": call(matrices().filter(lambda x: x.size), rtol=RTOL),
    },
    signs=False,
)
test_rounded = holds(
    {
        "linalg.cholesky": call(definite(), upper=BOOL),
        "linalg.det": call(regular()),
        "linalg.eigvalsh": call(hermitian()),
        "linalg.inv": call(regular()),
        "linalg.pinv": call(regular(), rtol=RTOL),
        "linalg.slogdet": call(regular()),
        "linalg.solve": solve(),
        "linalg.svdvals": call(matrices()),
        "linalg.matrix_norm": call(
            matrices(),
            keepdims=BOOL,
            ord=st.sampled_from([1, -1, 2, -2, "fro", "nuc", strict.inf, -strict.inf]),
        ),
        "linalg.vector_norm": along(
            "floating",
            special=False,
            keepdims=BOOL,
            ord=st.sampled_from([0, 1, 2, 3, 0.5, strict.inf, -strict.inf]),
        ),
    },
    rtol=300.0,
    signs=False,
)


def rebuilt(parts):
    """What the factors of a decomposition multiply to."""
    fields = parts._fields
    if fields == ("Q", "R"):
        return parts.Q @ parts.R
    if fields == ("U", "S", "Vh"):
        k = parts.S.shape[-1]
        return (parts.U[..., :k] * parts.S[..., None, :]) @ parts.Vh[..., :k, :]
    vectors = parts.eigenvectors
    scaled = vectors * parts.eigenvalues[..., None, :]
    return scaled @ type(vectors).__array_namespace__(vectors).conj(vectors).mT


DECOMPOSITIONS = {
    "eigh": (hermitian(), st.just({})),
    "qr": (matrices(), st.sampled_from([{}, {"mode": "complete"}, {"mode": "reduced"}])),
    "svd": (matrices(), st.sampled_from([{}, {"full_matrices": False}])),
}


@pytest.mark.parametrize("name", DECOMPOSITIONS)
def test_decompositions(name):
    """Bases are free up to signs: the parts agree in form, their product in value."""

    @few
    @given(*DECOMPOSITIONS[name])
    def agrees(x, keywords):
        theirs = getattr(strict.linalg, name)(x, **keywords)
        mine = getattr(xp.linalg, name)(ours(x), **keywords)
        assert mine._fields == theirs._fields
        for part, wanted in zip(mine, theirs, strict=True):
            assert type(part) is ta.Tensor
            assert (part.shape, part.dtype.name) == (wanted.shape, str(wanted.dtype)[17:])
        assert_equal(rebuilt(mine), rebuilt(theirs), name, 300.0, signs=False)
        if name != "qr":
            spectrum = "eigenvalues" if name == "eigh" else "S"
            assert_equal(
                getattr(mine, spectrum), getattr(theirs, spectrum), name, 300.0, signs=False
            )

    agrees()
