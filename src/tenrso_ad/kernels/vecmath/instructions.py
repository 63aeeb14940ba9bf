"""Numbers inside a kernel: computing with them writes LLVM instructions.

An elementary function is a Python function of such numbers. It runs once, while a kernel that calls
it is compiled, and what it does becomes straight-line code, without branch or call, so that LLVM
can compute several elements at once. A number may be a vector of numbers too. Nothing may be
reordered: no instruction has fast-math flags.

Instructions that only AVX-512 has for vectors are avoided: between whole and floating-point
numbers, and arithmetic shifts of 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, overload

from llvmlite import ir


@dataclass(frozen=True)
class Format:
    """A format of floating-point numbers.

    Attributes
    ----------
    bits, fraction : int
        Size of a number, and of the fraction in it.
    """

    bits: int
    fraction: int

    @property
    def bias(self) -> int:
        """Exponent field of 1."""
        return int((1 << (self.bits - self.fraction - 2)) - 1)

    @property
    def shifter(self) -> float:
        """What rounds to a whole number when it is added: that then stands in the lowest bits."""
        return 1.5 * 2.0**self.fraction

    @property
    def smallest_normal(self) -> float:
        """The smallest number of full precision."""
        return 2.0 ** (1 - self.bias)

    @property
    def type(self) -> Any:
        """LLVM's type of it."""
        return ir.DoubleType() if self.bits == 64 else ir.FloatType()


DOUBLE = Format(64, 52)
SINGLE = Format(32, 23)
INFINITY = float("inf")
NAN = float("nan")


def type_of(kind: Any, width: int) -> Any:
    """LLVM's type of a vector of so many elements of one kind, or of a number, which is width 1."""
    return kind if width == 1 else ir.VectorType(kind, width)


def constant(value: float, kind: Any, width: int) -> Any:
    """LLVM's constant of one value in every element."""
    return ir.Constant(type_of(kind, width), value if width == 1 else [value] * width)


class _Number:
    """A value, or a vector of them, in a function that is being written."""

    __slots__ = ("builder", "code")

    def __init__(self, builder: Any, code: Any) -> None:
        self.builder = builder
        self.code = code

    @property
    def width(self) -> int:
        """Number of elements."""
        return getattr(self.code.type, "count", 1)

    @property
    def _element(self) -> Any:
        """LLVM's type of an element."""
        return getattr(self.code.type, "element", self.code.type)

    def _code_of(self, other: Any) -> Any:
        """A constant has the type of what it is combined with."""
        if isinstance(other, _Number):
            return other.code
        return constant(other, self._element, self.width)

    def _do(self, instruction: str, *others: Any) -> Self:
        operands = [self.code, *map(self._code_of, others)]
        return type(self)(self.builder, getattr(self.builder, instruction)(*operands))

    def _turned(self, instruction: str, other: Any) -> Self:
        operands = [self._code_of(other), self.code]
        return type(self)(self.builder, getattr(self.builder, instruction)(*operands))


class Truth:
    """Whether a condition holds, which is about numbers of some format."""

    __slots__ = ("builder", "code", "format")

    def __init__(self, builder: Any, code: Any, format: Format) -> None:
        self.builder = builder
        self.code = code
        self.format = format

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.builder, self.builder.and_(self.code, other.code), self.format)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.builder, self.builder.or_(self.code, other.code), self.format)

    def __xor__(self, other: Truth) -> Truth:
        return Truth(self.builder, self.builder.xor(self.code, other.code), self.format)


class Whole(_Number):
    """A whole number of the size of a floating-point one; shifts take it as unsigned."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Whole | int) -> Whole:
        return self._do("add", other)

    def __sub__(self, other: Whole | int) -> Whole:
        return self._do("sub", other)

    def __rsub__(self, other: int) -> Whole:
        return self._turned("sub", other)

    def __and__(self, other: Whole | int) -> Whole:
        return self._do("and_", other)

    def __or__(self, other: Whole | int) -> Whole:
        return self._do("or_", other)

    def __xor__(self, other: Whole | int) -> Whole:
        return self._do("xor", other)

    def __lshift__(self, places: int) -> Whole:
        return self._do("shl", places)

    def __rshift__(self, places: int) -> Whole:
        return self._do("lshr", places)

    @property
    def format(self) -> Format:
        """Format of the floating-point numbers of its size."""
        return DOUBLE if self._element.width == 64 else SINGLE

    def _compare(self, how: str, other: Whole | int) -> Truth:
        code = self.builder.icmp_signed(how, self.code, self._code_of(other))
        return Truth(self.builder, code, self.format)

    def __lt__(self, other: Whole | int) -> Truth:
        return self._compare("<", other)

    def __gt__(self, other: Whole | int) -> Truth:
        return self._compare(">", other)

    def __eq__(self, other: Whole | int) -> Truth:  # type: ignore[override]
        return self._compare("==", other)


class Real(_Number):
    """A floating-point number."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    @property
    def format(self) -> Format:
        """Format of the number."""
        return SINGLE if isinstance(self._element, ir.FloatType) else DOUBLE

    def __add__(self, other: Real | float) -> Real:
        return self._do("fadd", other)

    def __radd__(self, other: float) -> Real:
        return self._turned("fadd", other)

    def __sub__(self, other: Real | float) -> Real:
        return self._do("fsub", other)

    def __rsub__(self, other: float) -> Real:
        return self._turned("fsub", other)

    def __mul__(self, other: Real | float) -> Real:
        return self._do("fmul", other)

    def __rmul__(self, other: float) -> Real:
        return self._turned("fmul", other)

    def __truediv__(self, other: Real | float) -> Real:
        return self._do("fdiv", other)

    def __rtruediv__(self, other: float) -> Real:
        return self._turned("fdiv", other)

    def __neg__(self) -> Real:
        return self._do("fneg")

    def __abs__(self) -> Real:
        return _intrinsic("llvm.fabs", self)

    def _compare(self, how: str, other: Real | float) -> Truth:
        # only inequality holds for NaN
        compare = self.builder.fcmp_unordered if how == "!=" else self.builder.fcmp_ordered
        return Truth(self.builder, compare(how, self.code, self._code_of(other)), self.format)

    def __lt__(self, other: Real | float) -> Truth:
        return self._compare("<", other)

    def __le__(self, other: Real | float) -> Truth:
        return self._compare("<=", other)

    def __gt__(self, other: Real | float) -> Truth:
        return self._compare(">", other)

    def __ge__(self, other: Real | float) -> Truth:
        return self._compare(">=", other)

    def __eq__(self, other: Real | float) -> Truth:  # type: ignore[override]
        return self._compare("==", other)

    def __ne__(self, other: Real | float) -> Truth:  # type: ignore[override]
        return self._compare("!=", other)


def _intrinsic(name: str, x: Real, *others: Real | float) -> Real:
    """Call an LLVM intrinsic on numbers of one type."""
    kind, module = x.code.type, x.builder.module
    vector = "" if x.width == 1 else f"v{x.width}"
    name = f"{name}.{vector}f{x.format.bits}"
    function = module.globals.get(name) or ir.Function(
        module, ir.FunctionType(kind, [kind] * (1 + len(others))), name
    )
    return Real(x.builder, x.builder.call(function, [x.code, *map(x._code_of, others)]))


def fma(x: Real, y: Real | float, z: Real | float) -> Real:
    """X * y + z, rounded once."""
    return _intrinsic("llvm.fma", x, y, z)


def sqrt(x: Real) -> Real:
    """Square root, correctly rounded."""
    return _intrinsic("llvm.sqrt", x)


def floor(x: Real) -> Real:
    """Largest whole number not above x."""
    return _intrinsic("llvm.floor", x)


def with_sign(x: Real, y: Real) -> Real:
    """Magnitude of x with the sign of y."""
    return _intrinsic("llvm.copysign", x, y)


def is_nan(x: Real) -> Truth:
    """Whether x is not a number."""
    return x != x


@overload
def select(condition: Truth, yes: Whole | int, no: Whole | int) -> Whole: ...
@overload
def select(condition: Truth, yes: Real | float, no: Real | float) -> Real: ...
def select(condition: Truth, yes: Any, no: Any) -> Any:
    """One of two values, both of which are computed; constants are whole if they are int."""
    builder, format = condition.builder, condition.format
    like = next((v for v in (yes, no) if isinstance(v, _Number)), None)
    if like is None:
        width = getattr(condition.code.type, "count", 1)
        if isinstance(yes, int):
            like = Whole(builder, constant(yes, ir.IntType(format.bits), width))
        else:
            like = Real(builder, constant(yes, format.type, width))
    code = builder.select(condition.code, like._code_of(yes), like._code_of(no))
    return type(like)(builder, code)


# --- numbers as bits ------------------------------------------------------------------------------


def bits_of(x: Real) -> Whole:
    """Bits of a floating-point number as a whole one."""
    kind = type_of(ir.IntType(x.format.bits), x.width)
    return Whole(x.builder, x.builder.bitcast(x.code, kind))


def from_bits(n: Whole) -> Real:
    """Floating-point number that a whole one is the bits of."""
    return Real(n.builder, n.builder.bitcast(n.code, type_of(n.format.type, n.width)))


def nearest(x: Real, factor: float = 1.0) -> tuple[Real, Whole]:
    """Nearest whole number to x * factor, in both forms.

    It has to be below 2**51 in float64, 2**22 in float32; else, and for NaN, neither means
    anything, but nothing breaks.
    """
    shifter = x.format.shifter
    shifted = x + shifter if factor == 1.0 else fma(x, factor, shifter)
    return shifted - shifter, bits_of(shifted) - _bits_of_shifter(x.format)


def _bits_of_shifter(format: Format) -> int:
    """1.5 * 2**fraction as a whole number."""
    return ((format.bias + format.fraction) << format.fraction) | (1 << (format.fraction - 1))


def as_real(n: Whole) -> Real:
    """Floating-point number of the same value, if that is below 2**51 (2**22 in float32)."""
    return from_bits(n + _bits_of_shifter(n.format)) - n.format.shifter


def power_of_two(k: Whole) -> Real:
    """2**k for a k within the exponents of normal numbers."""
    return from_bits((k + k.format.bias) << k.format.fraction)


def widened(x: Real) -> Real:
    """A float32 as a float64."""
    return Real(x.builder, x.builder.fpext(x.code, type_of(DOUBLE.type, x.width)))


def narrowed(x: Real) -> Real:
    """A float64 rounded to a float32."""
    return Real(x.builder, x.builder.fptrunc(x.code, type_of(SINGLE.type, x.width)))


def lookup(name: str, table: Sequence[float], index: Whole) -> Real:
    """Element of a table of float64, for one number."""
    module = index.builder.module
    if name not in module.globals:
        kind = ir.ArrayType(DOUBLE.type, len(table))
        variable = ir.GlobalVariable(module, kind, name)
        variable.linkage = "internal"
        variable.global_constant = True
        variable.initializer = ir.Constant(kind, list(table))
    zero = ir.Constant(index.code.type, 0)
    place = index.builder.gep(module.globals[name], [zero, index.code], inbounds=True)
    return Real(index.builder, index.builder.load(place))
