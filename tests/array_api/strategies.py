"""Operands for functions of the standard, drawn as arrays of array_api_strict."""

import array_api_strict as strict
from hypothesis import strategies as st
from hypothesis.extra.array_api import make_strategies_namespace

xps = make_strategies_namespace(strict, api_version="2024.12")

_BITS = {
    "bool": ["bool"],
    "signed": ["int8", "int32", "int64"],
    "unsigned": ["uint8", "uint16", "uint64"],
    "float": ["float32", "float64"],
    "complex": ["complex64", "complex128"],
}
_KINDS = {
    "bool": ("bool",),
    "int": ("signed", "unsigned"),
    "bitwise": ("bool", "signed", "unsigned"),
    "float": ("float",),
    "complex": ("complex",),
    "floating": ("float", "complex"),
    "real": ("signed", "unsigned", "float"),
    "numeric": ("signed", "unsigned", "float", "complex"),
    "any": ("bool", "signed", "unsigned", "float", "complex"),
}
_TAME = {  # sums and products of a few of them are exact
    "bool": [False, True],
    "signed": [-3, -1, 0, 1, 2],
    "unsigned": [0, 1, 2, 3],
    "float": [-2.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0],
    "complex": [-1.0 + 0.5j, -0.0 + 0.0j, 2.0 - 1.0j, 1.0j, 0.5 + 0.0j],
}
_SPECIAL = [float("nan"), float("inf"), -float("inf")]


def _family(dtype):
    return next(family for family, names in _BITS.items() if dtype in names)


def dtypes(kind):
    """Names of dtypes of a kind."""
    return st.sampled_from([name for family in _KINDS[kind] for name in _BITS[family]])


def shapes(min_dims=0, max_dims=3, min_side=0, max_side=3):
    return xps.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    )


def elements(dtype, special=True):
    """Any values of a dtype; or few small ones, without NaN and infinities."""
    if special == "any":
        return xps.from_dtype(getattr(strict, dtype))
    family = _family(dtype)
    values = list(_TAME[family])
    if special and family in ("float", "complex"):
        values += _SPECIAL
    return st.sampled_from(values)


def of_dtype(dtype, shape=None, special=True):
    """Arrays of one dtype."""
    shape = shapes() if shape is None else shape
    return xps.arrays(getattr(strict, dtype), shape, elements=elements(dtype, special))


def arrays(kind, shape=None, special=True):
    """Arrays of any dtype of a kind."""
    return dtypes(kind).flatmap(lambda dtype: of_dtype(dtype, shape, special))


@st.composite
def promotable(draw, kind, count=2):
    """Names of dtypes of a kind that promote with each other."""
    first = draw(dtypes(kind))
    family = _family(first)
    mates = {
        "signed": [*_BITS["signed"], "uint8"],
        "float": [*_BITS["float"], *(_BITS["complex"] if "complex" in _KINDS[kind] else [])],
        "complex": [*_BITS["complex"], *(_BITS["float"] if "float" in _KINDS[kind] else [])],
    }.get(family, _BITS[family])
    return [first, *(draw(st.sampled_from(mates)) for _ in range(count - 1))]


@st.composite
def pair(draw, kind, special="any"):
    """Two operands that broadcast and promote; or an array and a Python number."""
    first, second = draw(promotable(kind))
    sides = draw(xps.mutually_broadcastable_shapes(2, max_dims=2, max_side=3, min_side=0))
    x1 = draw(of_dtype(first, sides.input_shapes[0], special))
    if draw(st.integers(0, 3)) == 0:
        x2 = draw(elements(first, False))
        return draw(st.permutations([x1, x2]))
    return x1, draw(of_dtype(second, sides.input_shapes[1], special))


def axes_of(x, several=True, none=True):
    """Values of axis= for an array."""
    choices = [xps.valid_tuple_axes(x.ndim)] if several else []
    if x.ndim:
        choices.append(st.integers(-x.ndim, x.ndim - 1))
    if none or not choices:
        choices.append(st.none())
    return st.one_of(choices)


# --- calls: (positional arguments, keyword arguments) ---------------------------------------------


def call(*operands, **keywords):
    """Operands and keywords that do not depend on each other."""
    return st.tuples(st.tuples(*operands), st.fixed_dictionaries({}, optional=keywords))


def unary(kind):
    return call(arrays(kind, special="any"))


def binary(kind, special="any"):
    return pair(kind, special).map(lambda xs: (tuple(xs), {}))


@st.composite
def along(draw, kind, several=True, none=True, special=True, min_dims=0, min_side=0, **keywords):
    """An array, axis= and other keywords."""
    x = draw(arrays(kind, shapes(min_dims=min_dims, min_side=min_side), special))
    given = draw(st.fixed_dictionaries({}, optional=keywords))
    axis = draw(axes_of(x, several, none))
    if not (axis is None and draw(st.booleans())):
        given["axis"] = axis
    return (x,), given


@st.composite
def depending(draw, operand, *rest, **keywords):
    """Draw an array, then arguments by functions of it that give strategies."""
    x = draw(operand)
    args = [draw(make(x)) for make in rest]
    given = {name: draw(make(x)) for name, make in keywords.items() if draw(st.booleans())}
    return (x, *args), given
