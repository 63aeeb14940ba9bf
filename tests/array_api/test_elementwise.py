"""Elementwise functions against array_api_strict."""

from tests.array_api.agreement import holds
from tests.array_api.strategies import arrays, binary, call, unary

UNARY = {
    "numeric": "abs conj isfinite isinf isnan negative positive real round square",
    "floating": "acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 "
    "reciprocal sin sinh sqrt tan tanh",
    "bitwise": "bitwise_invert",
    "real": "ceil floor sign trunc",
    "complex": "imag",
    "bool": "logical_not",
    "float": "signbit",
}
BINARY = {
    "numeric": "add multiply subtract",
    "floating": "divide",
    "any": "equal not_equal",
    "float": "atan2 copysign hypot logaddexp nextafter",
    "bitwise": "bitwise_and bitwise_or bitwise_xor",
    "real": "floor_divide greater greater_equal less less_equal maximum minimum remainder",
    "bool": "logical_and logical_or logical_xor",
}

test_of_one_operand = holds(
    {
        **{name: unary(kind) for kind, names in UNARY.items() for name in names.split()},
        # infinite ones divide as NumPy's division likes
        "sign of complex numbers": call(arrays("complex", special=False)),
    }
)
test_of_two_operands = holds(
    {name: binary(kind) for kind, names in BINARY.items() for name in names.split()}
)
