"""From the text of a kernel to instructions of LLVM.

The text is Python of a few kinds: loops over ranges, ``if``, assignments to names, arithmetic,
comparisons, and calls of `load`, `store` and the functions of `tenrso_ad.kernels`. Types are those
of what names are first set to: whole numbers have 64 bits; float32 and float64 together give
float64, bool and another the other. Where two arrays of a kernel are written
and read, they do not overlap, which lets loops be vectorised without looking.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from ..engine.array_type import ArrayType
from ..kernels import memory, vecmath, vectors

WORD, BYTE, BOOL = ir.IntType(64), ir.IntType(8), memory.BOOL
SINGLE, DOUBLE, POINTER = ir.FloatType(), ir.DoubleType(), ir.PointerType()
KINDS = {"d": DOUBLE, "f": SINGLE, "?": BOOL, "i": ir.IntType(32), "l": WORD, "q": WORD}
"""By the characters of dtypes."""

_RANK = {BOOL: 0, WORD: 1, SINGLE: 2, DOUBLE: 3}  # of two types, the higher is that of the result
_OF_REALS = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_OF_WHOLE = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.FloorDiv: "sdiv"}
_OF_BITS = {ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor"}
_ORDERS = {
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
}


def translate(text: str, arrays: Sequence[ArrayType], divided: bool) -> ir.Module:
    """Translate the functions of a kernel.

    Parameters
    ----------
    text : str
        One function, or two.
    arrays : sequence of ArrayType
        Their parameters, but for the first function's borders of chunks, which come last.
    divided : bool
        Whether it has those.
    """
    module = ir.Module()
    for number, node in enumerate(ast.parse(text).body):
        assert isinstance(node, ast.FunctionDef)
        _Function(module, node, arrays, divided and number == 0)
    return module


@functools.cache
def constants() -> dict[str, Any]:
    """Numbers that the text of a kernel may name, by their names."""
    numbers: dict[str, Any] = {}
    for suffix, kind in (("64", np.float64), ("32", np.float32)):
        numbers |= {
            f"zero{suffix}": kind(0),
            f"one{suffix}": kind(1),
            f"half{suffix}": kind(0.5),
            f"infinity{suffix}": kind(np.inf),
        }
    return numbers


class _Function:
    """One function, translated while it is made."""

    def __init__(
        self, module: Any, node: ast.FunctionDef, arrays: Sequence[ArrayType], divided: bool
    ) -> None:
        names = [a.arg for a in node.args.args]
        kinds = [POINTER] * len(arrays) + [WORD, WORD] * divided
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), node.name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        function.attributes.add("nounwind")
        for argument in function.args[: len(arrays)]:
            argument.add_attribute("noalias")
        self.arrays = {
            name: (argument, KINDS[kind.dtype.char])
            for name, argument, kind in zip(names, function.args, arrays, strict=False)
        }
        self.values: dict[str, Any] = dict(
            zip(names[len(arrays) :], function.args[len(arrays) :], strict=True)
        )
        self.places: dict[str, Any] = {}  # of the names that are set more than once
        self.counts = Counter(
            n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        )
        self.function = function
        self.first = ir.IRBuilder(function.append_basic_block())  # makes room for such names
        self.builder = ir.IRBuilder(function.append_basic_block())
        begin = self.builder.block
        self.block(node.body)
        self.builder.ret_void()
        self.first.branch(begin)

    # --- statements -------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            _STATEMENTS[type(statement)](self, statement)

    def assign(self, node: ast.Assign) -> None:
        (target,) = node.targets
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            names, values = target.elts, [self.value(v) for v in node.value.elts]
        else:
            names, values = [target], [self.value(node.value)]
        for name, value in zip(names, values, strict=True):
            assert isinstance(name, ast.Name)
            self.set(name.id, value)

    def change(self, node: ast.AugAssign) -> None:
        assert isinstance(node.target, ast.Name)
        old = self.get(node.target.id)
        self.set(node.target.id, self.arithmetic(type(node.op), old, self.value(node.value)))

    def expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.value(node.value)

    def loop(self, node: ast.For) -> None:
        assert isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call)
        bounds = [self.value(a) for a in node.iter.args]
        first, last = bounds[:2] if len(bounds) > 1 else (WORD(0), bounds[0])
        step = bounds[2] if len(bounds) > 2 else WORD(1)
        before = self.builder.block
        head, body, after = (self.function.append_basic_block() for _ in range(3))
        self.builder.branch(head)
        self.builder = ir.IRBuilder(head)
        counter = self.builder.phi(WORD)
        counter.add_incoming(first, before)
        self.builder.cbranch(self.builder.icmp_signed("<", counter, last), body, after)
        self.builder = ir.IRBuilder(body)
        self.values[node.target.id] = counter
        self.block(node.body)
        following = self.builder.add(counter, step, flags=("nsw",))
        counter.add_incoming(following, self.builder.block)
        self.builder.branch(head)
        self.builder = ir.IRBuilder(after)

    def branch(self, node: ast.If) -> None:
        condition = self.cast(self.value(node.test), BOOL)
        yes, no, after = (self.function.append_basic_block() for _ in range(3))
        self.builder.cbranch(condition, yes, no)
        for start, statements in ((yes, node.body), (no, node.orelse)):
            self.builder = ir.IRBuilder(start)
            self.block(statements)
            self.builder.branch(after)
        self.builder = ir.IRBuilder(after)

    # --- names ------------------------------------------------------------------------------------

    def set(self, name: str, value: Any) -> None:
        if self.counts[name] == 1:
            self.values[name] = value
            return
        if name not in self.places:
            self.places[name] = (self.first.alloca(value.type), value.type)
        place, kind = self.places[name]
        self.builder.store(self.cast(value, kind), place)

    def get(self, name: str) -> Any:
        if name in self.places:
            place, kind = self.places[name]
            return self.builder.load(place, typ=kind)
        if name in self.values:
            return self.values[name]
        number = constants()[name]
        return KINDS[number.dtype.char](float(number))

    # --- expressions ------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Any:
        return _EXPRESSIONS[type(node)](self, node)

    def name(self, node: ast.Name) -> Any:
        return self.get(node.id)

    def number(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool):
            return BOOL(int(node.value))
        assert isinstance(node.value, (int, float))
        return WORD(node.value) if isinstance(node.value, int) else DOUBLE(node.value)

    def unary(self, node: ast.UnaryOp) -> Any:
        operand = self.value(node.operand)
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return self.builder.not_(self.cast(operand, BOOL))
        if isinstance(node.op, ast.UAdd):
            return operand
        if operand.type == WORD:
            return self.builder.neg(operand)
        return self.builder.fneg(operand)

    def binary(self, node: ast.BinOp) -> Any:
        return self.arithmetic(type(node.op), self.value(node.left), self.value(node.right))

    def arithmetic(self, operation: type[ast.operator], left: Any, right: Any) -> Any:
        left, right = self.alike(left, right)
        if operation in _OF_BITS:
            return getattr(self.builder, _OF_BITS[operation])(left, right)
        if left.type == WORD:
            flags = () if operation is ast.FloorDiv else ("nsw",)
            return getattr(self.builder, _OF_WHOLE[operation])(left, right, flags=flags)
        return getattr(self.builder, _OF_REALS[operation])(left, right)

    def comparison(self, node: ast.Compare) -> Any:
        (right_node,), (order,) = node.comparators, node.ops
        left, right = self.alike(self.value(node.left), self.value(right_node))
        symbol = _ORDERS[type(order)]
        if left.type == BOOL:
            return self.builder.icmp_unsigned(symbol, left, right)
        if left.type == WORD:
            return self.builder.icmp_signed(symbol, left, right)
        if symbol == "!=":  # the one that holds for NaN
            return self.builder.fcmp_unordered(symbol, left, right)
        return self.builder.fcmp_ordered(symbol, left, right)

    def several(self, node: ast.BoolOp) -> Any:
        """``and`` and ``or``, which look at the next condition only if they have to."""
        after, every = self.function.append_basic_block(), isinstance(node.op, ast.And)
        results = []
        for number, part in enumerate(node.values):
            truth = self.cast(self.value(part), BOOL)
            results.append((truth, self.builder.block))
            if number + 1 == len(node.values):
                self.builder.branch(after)
                break
            further = self.function.append_basic_block()
            self.builder.cbranch(truth, *((further, after) if every else (after, further)))
            self.builder = ir.IRBuilder(further)
        self.builder = ir.IRBuilder(after)
        result = self.builder.phi(BOOL)
        for truth, block in results:
            result.add_incoming(truth, block)
        return result

    def call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name == "load_if":
            return self.load_if(*node.args)
        if name in ("load", "store", "write", "prefetch") or name in vectors.READ:
            return self.access(name, node.args)
        operands = [self.value(a) for a in node.args]
        if name in _CASTS:
            return self.cast(operands[0], _CASTS[name])
        if name in ("min", "max"):
            order = "<" if name == "min" else ">"
            one, two = operands
            return self.builder.select(self.builder.icmp_signed(order, one, two), one, two)
        if name == "spread":
            operands[0] = self.cast(operands[0], operands[1].type.element)
        if name in vectors.FUNCTIONS:
            return vectors.FUNCTIONS[name](self.builder, *operands)
        if name in memory.CHOICES:
            condition, *rest = operands
            choose = memory.CHOICES[name]
            return choose(self.builder, self.cast(condition, BOOL), *self.alike(*rest))
        if name in memory.OF_NUMBERS:
            return memory.OF_NUMBERS[name](self.builder, *self.alike(*operands))
        elementary = vecmath.functions()[name]
        kind = elementary.format.type
        return elementary.write(self.builder, *[self.cast(x, kind) for x in operands])

    def element(self, node: ast.Subscript) -> Any:
        return self.access("load", [node.value, node.slice])

    def access(self, how: str, operands: Sequence[ast.expr]) -> Any:
        """Load or store elements of an array."""
        assert isinstance(operands[0], ast.Name)
        array, kind = self.arrays[operands[0].id]
        held = BYTE if kind == BOOL else kind
        index = self.value(operands[1])
        place = self.builder.gep(array, [index], inbounds=True, source_etype=held)
        if how == "prefetch":
            return vectors.prefetch(self.builder, place, kind)
        if how in vectors.READ:
            return vectors.read(self.builder, place, kind, vectors.READ[how])
        if how == "write":
            vector = self.value(operands[2])
            return vectors.write(self.builder, place, kind, vector)
        if how == "load":
            element = self.builder.load(place, typ=held)
            if held == BYTE:
                return self.builder.icmp_unsigned("!=", element, BYTE(0))
            return self.builder.sext(element, WORD) if held == KINDS["i"] else element
        value = self.cast(self.value(operands[2]), kind)
        return self.builder.store(self.builder.zext(value, BYTE) if held == BYTE else value, place)

    def load_if(
        self, array: ast.expr, place: ast.expr, condition: ast.expr, otherwise: ast.expr
    ) -> Any:
        """Load an element where a condition holds; else give a number, and read nothing."""
        truth, number, before = self.value(condition), self.value(otherwise), self.builder.block
        inside, after = (self.function.append_basic_block() for _ in range(2))
        self.builder.cbranch(truth, inside, after)
        self.builder = ir.IRBuilder(inside)
        element = self.access("load", [array, place])
        self.builder.branch(after)
        self.builder = ir.IRBuilder(after)
        result = self.builder.phi(element.type)
        result.add_incoming(element, inside)
        result.add_incoming(number, before)
        return result

    # --- types ------------------------------------------------------------------------------------

    def alike(self, *values: Any) -> list[Any]:
        kind = max((v.type for v in values), key=_RANK.__getitem__)
        return [self.cast(v, kind) for v in values]

    def cast(self, value: Any, kind: Any) -> Any:
        if value.type == kind:
            return value
        if kind == BOOL:
            if value.type == WORD:
                return self.builder.icmp_signed("!=", value, WORD(0))
            return self.builder.fcmp_unordered("!=", value, value.type(0.0))
        if value.type == BOOL:
            change = "zext" if kind == WORD else "uitofp"
        elif value.type == WORD:
            change = "sitofp"
        else:
            change = "fpext" if kind == DOUBLE else "fptrunc"
        return getattr(self.builder, change)(value, kind)


_CASTS = {"float64": DOUBLE, "float32": SINGLE, "floatb": BOOL}
_STATEMENTS: dict[type[ast.stmt], Callable[[_Function, Any], None]] = {
    ast.Assign: _Function.assign,
    ast.AugAssign: _Function.change,
    ast.Expr: _Function.expression,
    ast.For: _Function.loop,
    ast.If: _Function.branch,
    ast.Pass: lambda function, node: None,
}
_EXPRESSIONS: dict[type[ast.expr], Callable[[_Function, Any], Any]] = {
    ast.Name: _Function.name,
    ast.Constant: _Function.number,
    ast.UnaryOp: _Function.unary,
    ast.BinOp: _Function.binary,
    ast.BoolOp: _Function.several,
    ast.Compare: _Function.comparison,
    ast.Subscript: _Function.element,
    ast.Call: _Function.call,
}
