"""What every operation is asked, so that a test of one is a line.

A file of tests lists its cases and hands them to `each`::

    CASES = [
        Case("tanh", tnp.tanh, normal(2, 3), complex=True, reference=np.tanh),
        Case(
            "sum axis",
            lambda x: tnp.sum(x, axis=1),
            normal(2, 3),
            reference=lambda x: np.sum(x, axis=1),
        ),
    ]


    @each(CASES)
    def test_reductions(check):
        check()

Every case then goes through the checks of the table `CHECKS`, each a test of its own.
"""

from __future__ import annotations

import dataclasses
import functools
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tenrso_ad.compiler.passes import DEFAULT, optimised
from tenrso_ad.compiler.program import Program
from tenrso_ad.engine import tree
from tenrso_ad.engine.staging import stage
from tenrso_ad.engine.trace import Tracer, is_inexact
from tenrso_ad.testing import check_gradients
from tenrso_ad.transforms import jvp, vjp, vmap
from tests.compiler.interpreter import interpreted

Draw = Callable[[np.random.Generator], Any]
BATCH = 3


# --- operands ------------------------------------------------------------------------------------


def normal(*shape: int) -> Draw:
    """Standard normal values."""
    return lambda rng: rng.normal(size=shape)


def uniform(low: float, high: float, *shape: int) -> Draw:
    """Values between two bounds."""
    return lambda rng: rng.uniform(low, high, size=shape)


def positive(*shape: int) -> Draw:
    """Values between 0.5 and 2."""
    return uniform(0.5, 2.0, *shape)


def nonzero(*shape: int) -> Draw:
    """Values of either sign, at least 0.5 away from zero."""
    return lambda rng: rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 2.0, size=shape)


def distinct(*shape: int) -> Draw:
    """Values of either sign, each at least 0.1 away from every other and from zero."""
    return lambda rng: (rng.permutation(int(np.prod(shape))).reshape(shape) + 0.5) * 0.2 - 0.9


def definite(*shape: int) -> Draw:
    """Symmetric positive definite matrices; the last two lengths are equal."""

    def draw(rng: np.random.Generator) -> Any:
        a = rng.normal(size=shape)
        return a @ np.swapaxes(a, -1, -2) + shape[-1] * np.eye(shape[-1])

    return draw


# --- cases ---------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, init=False, eq=False)
class Case:
    """A function, operands for it, and what it can do.

    Parameters
    ----------
    name : str
        Names the test and seeds the operands that are drawn.
    function : callable
        Takes the operands, gives an array or a tree of arrays.
    *operands : array or callable
        Arrays, or `normal`, `positive` ... : callables that draw one from a generator.
    reference : callable, optional
        Gives the values that the function must give on plain arrays; nearly always NumPy's
        function.
    complex : bool
        Whether it is checked for complex operands too.
    imaginary : float
        Size of the imaginary parts that complex operands get.
    order : int
        How many derivatives are checked.
    differentiable : bool
        False for a function whose derivative is zero everywhere, or whose results are not floating
        point.
    smooth : bool
        False where differences make no sense (ties, singular points): gradients are not compared
        with them.
    float32, vmap, stage : bool
        False leaves that check out, for a function that cannot do it by nature.
    rtol, float32_rtol : float, optional
        Tolerance of the check of gradients; of float32 results beside float64 ones.
    """

    name: str
    function: Callable[..., Any]
    operands: tuple[Any, ...]
    reference: Callable[..., Any] | None
    complex: bool
    imaginary: float
    order: int
    differentiable: bool
    smooth: bool
    float32: bool
    vmap: bool
    stage: bool
    rtol: float | None
    float32_rtol: float

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *operands: Any,
        reference: Callable[..., Any] | None = None,
        complex: bool = False,
        imaginary: float = 0.5,
        order: int = 2,
        differentiable: bool = True,
        smooth: bool = True,
        float32: bool = True,
        vmap: bool = True,
        stage: bool = True,
        rtol: float | None = None,
        float32_rtol: float = 2e-4,
    ) -> None:
        given = {k: v for k, v in locals().items() if k not in ("self", "__class__")}
        for field, value in given.items():
            object.__setattr__(self, field, value)

    def draw(self, number: int = 0) -> list[Any]:
        """Operands; another number gives other ones where they are drawn."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), number])
        return [np.asarray(o(rng) if callable(o) else o) for o in self.operands]

    def draw_complex(self) -> list[Any]:
        """Operands with imaginary parts."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), 99])
        return [
            a + 1j * self.imaginary * rng.normal(size=a.shape) if is_inexact(a.dtype) else a
            for a in self.draw()
        ]


def cotangents_for(outs: Sequence[Any]) -> tuple[Any, ...]:
    """Fixed weights of the outputs' shapes and dtypes."""
    rng = np.random.default_rng(5)
    weights = []
    for out in outs:
        weight = rng.uniform(0.5, 1.5, size=out.shape)
        if np.dtype(out.dtype).kind == "c":
            weight = weight + 1j * rng.normal(size=out.shape)
        weights.append(np.asarray(weight, dtype=out.dtype))
    return tuple(weights)


def results(function: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """All results as one flat tuple."""
    return tuple(tree.leaves(function(*args)))


def gradients(function: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """Gradients of the weighted sum of all floating-point results, in every such operand."""
    moving = [is_inexact(a.dtype) for a in args]

    def of_moving(*xs: Any) -> tuple[Any, ...]:
        rest = iter(xs)
        merged = [next(rest) if m else a for a, m in zip(args, moving, strict=True)]
        return tuple(o for o in results(function, *merged) if is_inexact(o.dtype))

    outs, pullback = vjp(of_moving, *(a for a, m in zip(args, moving, strict=True) if m))
    return tuple(pullback(cotangents_for(outs)))


def slopes(function: Callable[..., Any], *args: Any) -> Any:
    """Derivatives of an elementwise function by each operand, the same in both modes."""
    args = tuple(np.asarray(a, float) for a in args)
    out, pullback = vjp(function, *args)
    found = pullback(np.ones_like(out))
    for i, (a, g) in enumerate(zip(args, found, strict=True)):
        if a.shape == out.shape:  # the tangent along ones is the diagonal
            tangents = tuple(np.full_like(b, i == j) for j, b in enumerate(args))
            np.testing.assert_array_equal(jvp(function, args, tangents)[1], g)
    return found[0] if len(args) == 1 else found


def assert_same(actual: Sequence[Any], expected: Sequence[Any], rtol: float, what: str) -> None:
    """Arrays are equal in shape and dtype, and close relative to the largest entry."""
    assert len(actual) == len(expected), f"{what}: {len(actual)} arrays, expected {len(expected)}"
    for number, (a, e) in enumerate(zip(actual, expected, strict=True)):
        where = f"{what}, array {number}"
        assert not isinstance(a, Tracer), f"{where}: got {a!r} where a plain array was due"
        a, e = np.asarray(a), np.asarray(e)
        assert (a.dtype, a.shape) == (e.dtype, e.shape), (
            f"{where}: {a.dtype}{list(a.shape)}, expected {e.dtype}{list(e.shape)}"
        )
        finite = np.abs(e[np.isfinite(e)]) if e.dtype.kind in "fc" else np.empty(0)
        atol = rtol * float(finite.max(initial=0.0))
        np.testing.assert_allclose(a, e, rtol=rtol, atol=atol, err_msg=where)


declared: list[Case] = []
"""Every case that was handed to `each`; the documentation makes a page of them."""


# --- what is checked -----------------------------------------------------------------------------


def check_values(case: Case) -> None:
    """Plain arrays give plain arrays; they are the reference's; operands stay as they were."""
    operands = case.draw()
    before = [o.copy() for o in operands]
    outs = results(case.function, *operands)
    for out in outs:
        assert isinstance(out, (np.ndarray, np.generic)), f"a plain array was due, got {out!r}"
    for o, b in zip(operands, before, strict=True):
        np.testing.assert_array_equal(o, b, err_msg="an operand was changed")
    if case.reference is not None:
        assert_same(outs, results(case.reference, *operands), 1e-12, "values")


def check_derivatives(case: Case) -> None:
    """Derivatives of each order in both modes agree with differences; or are zero."""
    operands = case.draw()
    if case.differentiable:
        if case.smooth:
            options = {} if case.rtol is None else {"rtol": case.rtol}
            check_gradients(
                case.function, tuple(operands), order=case.order, **options
            ).raise_if_failed()
        return
    moving = [o for o in operands if is_inexact(o.dtype)]
    if moving and all(is_inexact(o.dtype) for o in results(case.function, *operands)):
        for gradient, operand in zip(gradients(case.function, *operands), moving, strict=True):
            assert_same([gradient], [np.zeros_like(operand)], 0.0, "gradient")


def check_complex(case: Case) -> None:
    """The same for complex operands."""
    operands = case.draw_complex()
    if case.reference is not None:
        values = results(case.function, *operands)
        assert_same(values, results(case.reference, *operands), 1e-12, "values")
    options = {} if case.rtol is None else {"rtol": case.rtol}
    check_gradients(case.function, tuple(operands), order=case.order, **options).raise_if_failed()
    narrow = [_narrowed(o) for o in operands]
    _check_narrow(case, operands, narrow)


def check_float32(case: Case) -> None:
    """float32 operands give float32 results and gradients, close to those of float64."""
    operands = case.draw()
    _check_narrow(case, operands, [_narrowed(o) for o in operands])


def _narrowed(array: Any) -> Any:
    """float32 for float64, complex64 for complex128, anything else as it is."""
    return array.astype({"d": "f", "D": "F"}.get(array.dtype.char, array.dtype), copy=False)


def _check_narrow(case: Case, wide: Sequence[Any], narrow: Sequence[Any]) -> None:
    # float64 operands that float32 can hold: else rounding them is part of what is compared
    wide = [n.astype(w.dtype) for n, w in zip(narrow, wide, strict=True)]
    pairs = [(results, "values")]
    if case.differentiable:
        pairs.append((gradients, "gradients"))
    for compute, what in pairs:
        expected = [_narrowed(np.asarray(e)) for e in compute(case.function, *wide)]
        assert_same(compute(case.function, *narrow), expected, case.float32_rtol, what)
    if case.differentiable:
        for gradient, operand in zip(
            gradients(case.function, *narrow),
            [o for o in narrow if is_inexact(o.dtype)],
            strict=True,
        ):
            assert (gradient.dtype, gradient.shape) == (operand.dtype, operand.shape)
        _check_tangents(case, narrow)


def _check_tangents(case: Case, operands: Sequence[Any]) -> None:
    """Tangents have the dtypes and shapes of the results."""
    moving = [is_inexact(o.dtype) for o in operands]

    def of_moving(*xs: Any) -> tuple[Any, ...]:
        rest = iter(xs)
        return results(
            case.function,
            *(next(rest) if m else o for o, m in zip(operands, moving, strict=True)),
        )

    primals = tuple(o for o, m in zip(operands, moving, strict=True) if m)
    outs, tangents = jvp(of_moving, primals, tuple(np.ones_like(p) for p in primals))
    for out, tangent in zip(outs, tangents, strict=True):
        if is_inexact(out.dtype):
            assert (tangent.dtype, tangent.shape) == (out.dtype, out.shape)


def check_vmap(case: Case) -> None:
    """A batch gives what a loop gives: all operands batched, then each alone; gradients too."""
    draws = [case.draw(number) for number in range(BATCH)]
    count = len(draws[0])
    stacked = [np.stack([d[i] for d in draws]) for i in range(count)]
    choices = [(True,) * count]
    if count > 1:
        choices += [tuple(i == j for j in range(count)) for i in range(count)]
    functions = [results, gradients] if case.differentiable else [results]
    for compute in functions:
        for chosen in choices:
            args = [s if c else s[0] for s, c in zip(stacked, chosen, strict=True)]
            out = vmap(
                functools.partial(compute, case.function),
                in_axes=tuple(0 if c else None for c in chosen),
            )(*args)
            loop = [
                compute(
                    case.function, *(a[b] if c else a for a, c in zip(args, chosen, strict=True))
                )
                for b in range(BATCH)
            ]
            expected = [np.stack(o) for o in zip(*loop, strict=True)]
            assert_same(out, expected, 1e-9, f"vmap of {compute.__name__}, batched {chosen}")


def check_staging(case: Case) -> None:
    """A staged graph is sound and computes what the function computes; its gradient's too.

    So does the program that the compiler makes of it; kernels are run by Python here.
    """
    operands = case.draw()
    functions = [results, gradients] if case.differentiable else [results]
    for compute in functions:
        function = functools.partial(compute, case.function)
        expected = function(*operands)
        graph = stage(function, *operands).verify()
        what = f"graph of {compute.__name__}"
        assert_same(graph.evaluate(*operands), expected, 1e-12, what)
        optimal, _ = optimised(graph, DEFAULT, 10, verify=True)
        with interpreted():
            program = Program(optimal).build()
            assert_same(program.run(*operands), expected, 1e-10, f"compiled {what}")


# name -> (the check, which cases it is for)
CHECKS: dict[str, tuple[Callable[[Case], None], Callable[[Case], bool]]] = {
    "values": (check_values, lambda case: True),
    "derivatives": (check_derivatives, lambda case: True),
    "complex": (check_complex, lambda case: case.complex),
    "float32": (check_float32, lambda case: case.float32),
    "vmap": (check_vmap, lambda case: case.vmap and bool(case.operands)),
    "staging": (check_staging, lambda case: case.stage),
}


def check_case(case: Case) -> None:
    """Put one case through every check that is for it."""
    for check, concerns in CHECKS.values():
        if concerns(case):
            check(case)


def each(cases: Sequence[Case]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Parametrise a test over every check of every case; it calls the `check` it is given."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases share a name"
    declared.extend(cases)
    return pytest.mark.parametrize(
        "check",
        [
            pytest.param(functools.partial(check, case), id=f"{case.name}-{what}")
            for case in cases
            for what, (check, concerns) in CHECKS.items()
            if concerns(case)
        ],
    )
