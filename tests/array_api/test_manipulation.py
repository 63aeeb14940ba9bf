"""Functions that rearrange or pick elements against array_api_strict."""

import array_api_strict as strict
from hypothesis import strategies as st

from tests.array_api import strategies
from tests.array_api.agreement import holds
from tests.array_api.strategies import along, arrays, call, depending, shapes, xps

BOOL = st.booleans()


@st.composite
def several(draw, kind="any", join=None):
    """Arrays of promotable dtypes that can be joined: along an axis, flattened, or stacked."""
    names = draw(strategies.promotable(kind, draw(st.integers(1, 3))))
    shape = draw(shapes(min_dims=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    sides = [list(shape) for _ in names]
    if join == "concat":
        for side in sides:
            side[axis] = draw(st.integers(0, 3))
    operands = [draw(strategies.of_dtype(n, tuple(s))) for n, s in zip(names, sides, strict=True)]
    if join == "concat" and draw(st.integers(0, 3)) == 0:
        axis = None
    if join == "stack":
        axis = draw(st.integers(-len(shape) - 1, len(shape)))
    return (operands,), {"axis": axis}


@st.composite
def broadcast_to(draw):
    sides = draw(xps.mutually_broadcastable_shapes(2, min_side=0, max_side=3))
    x = draw(arrays("any", sides.input_shapes[0]))
    return (x, sides.result_shape), {}


@st.composite
def broadcast_arrays(draw):
    sides = draw(xps.mutually_broadcastable_shapes(3, min_side=0, max_side=3))
    return tuple(draw(arrays("any", shape)) for shape in sides.input_shapes), {}


def integers(low, high):
    return lambda x: st.integers(
        low(x) if callable(low) else low, high(x) if callable(high) else high
    )


def some_axes(x):
    return st.lists(st.sampled_from(range(x.ndim)), unique=True).map(tuple)


@st.composite
def moveaxis(draw):
    x = draw(arrays("any", shapes(min_dims=1)))
    source = draw(some_axes(x))
    destination = draw(st.permutations(range(x.ndim)))[: len(source)]
    if len(source) == 1 and draw(BOOL):
        return (x, source[0] - x.ndim, destination[0]), {}
    return (x, source, tuple(destination)), {}


@st.composite
def reshape(draw):
    x = draw(arrays("any"))
    shape = list(draw(st.permutations(x.shape)))
    if shape and draw(BOOL):
        shape = [*shape[:-1], *draw(st.sampled_from([(shape[-1], 1), (1, shape[-1])]))]
    if x.size and shape and draw(BOOL):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    given = draw(st.fixed_dictionaries({}, optional={"copy": st.sampled_from([None, True])}))
    return (x, tuple(shape)), given


@st.composite
def roll(draw):
    x = draw(arrays("any", shapes(min_dims=1)))
    axis = draw(some_axes(x))
    shift = st.integers(-4, 4)
    if draw(BOOL) or not axis:
        return (x, draw(shift)), {"axis": draw(st.sampled_from([None, -1]))}
    return (x, tuple(draw(shift) for _ in axis)), {"axis": axis}


@st.composite
def repeat(draw):
    x = draw(arrays("any"))
    axis = draw(strategies.axes_of(x, several=False))
    length = x.size if axis is None else x.shape[axis]
    repeats = draw(st.integers(0, 3))
    if draw(BOOL):
        counts = draw(st.lists(st.integers(0, 3), min_size=length, max_size=length))
        repeats = strict.asarray(counts, dtype=strict.int64)
    return (x, repeats), {"axis": axis}


@st.composite
def squeeze(draw):
    x = draw(arrays("any", st.lists(st.sampled_from([1, 1, 2]), max_size=4).map(tuple)))
    ones = [i for i, n in enumerate(x.shape) if n == 1]
    axis = tuple(draw(st.lists(st.sampled_from(ones), unique=True))) if ones else ()
    return (x, axis[0] if len(axis) == 1 else axis), {}


@st.composite
def take(draw):
    x = draw(arrays("any", shapes(min_dims=1, min_side=1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    length = x.shape[axis]
    places = st.lists(st.integers(-length, length - 1), max_size=4)
    indices = strict.asarray(draw(places), dtype=draw(st.sampled_from([strict.int64, strict.int8])))
    given = {} if x.ndim == 1 and draw(BOOL) else {"axis": axis}
    return (x, indices), given


@st.composite
def take_along_axis(draw):
    x = draw(arrays("any", shapes(min_dims=1, min_side=1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    sides = list(x.shape)
    sides[axis] = draw(st.integers(0, 3))
    places = st.integers(-x.shape[axis], x.shape[axis] - 1)
    indices = draw(xps.arrays(strict.int64, tuple(sides), elements=places))
    return (x, indices), {} if axis == -1 else {"axis": axis}


MANIPULATION = {
    "broadcast_arrays": broadcast_arrays(),
    "broadcast_to": broadcast_to(),
    "concat": several(join="concat"),
    "expand_dims": depending(arrays("any"), integers(lambda x: -x.ndim - 1, lambda x: x.ndim)),
    "flip": along("any"),
    "moveaxis": moveaxis(),
    "permute_dims": depending(arrays("any"), lambda x: st.permutations(range(x.ndim)).map(tuple)),
    "repeat": repeat(),
    "reshape": reshape(),
    "roll": roll(),
    "squeeze": squeeze(),
    "stack": several(join="stack"),
    "take": take(),
    "take_along_axis": take_along_axis(),
    "tile": call(arrays("any"), st.lists(st.integers(0, 2), max_size=3).map(tuple)),
    "unstack": along("any", several=False, none=False, min_dims=1),
    "tril": depending(arrays("any", shapes(min_dims=2)), k=integers(-3, 3)),
    "triu": depending(arrays("any", shapes(min_dims=2)), k=integers(-3, 3)),
    "meshgrid": st.tuples(
        strategies.dtypes("any")
        .flatmap(
            lambda d: st.lists(strategies.of_dtype(d, shapes(min_dims=1, max_dims=1)), max_size=3)
        )
        .map(tuple),
        st.fixed_dictionaries({}, optional={"indexing": st.sampled_from(["ij", "xy"])}),
    ),
}

test_manipulation = holds(MANIPULATION)
