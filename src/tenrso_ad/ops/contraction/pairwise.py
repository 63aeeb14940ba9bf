"""Contraction of two operands: the primitive under every product of tensors.

It takes a specification such as ``"ab,bc->ac"``. No letter stands twice in one term, letters of one
name have one length, both operands have one dtype, and every letter of an operand stands in the
other operand or in the result. This family is closed: the derivative by an operand, the tangent and
the batched version are contractions again, and none of them needs anything but another
specification.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine import hooks
from ...engine.array_type import ArrayType
from ...engine.batch import batching
from ...engine.errors import explain
from ...engine.forward import pushforwards
from ...engine.graph import shape_rules
from ...engine.primitive import Primitive
from ...engine.reverse import Pullback, pullbacks
from ...engine.trace import bind, evaluation, foreign_evaluation, is_inexact
from ..declare import namespace
from .lowering import letter, lower, renamed, split

Spec = Mapping[str, str]


@functools.lru_cache(maxsize=4096)
def params_of(left: str, right: str, out: str) -> Spec:
    """Params of the contraction of two terms."""
    return {"spec": renamed(f"{left},{right}->{out}")}


def contract(a: Any, b: Any, params: Spec) -> Any:
    """Contract two arrays of one dtype; params come from `params_of`."""
    if type(a) is ndarray and type(b) is ndarray and not hooks.active:
        try:  # what bind would do, without looking for tracers
            return _evaluate(a, b, params["spec"])
        except Exception as error:
            raise explain("contract", (a, b), params, error) from error
    return bind(contract_p, (a, b), params)


def _evaluate(a: Any, b: Any, spec: str) -> Any:
    run = lower(spec, a.shape, b.shape).run
    if a.itemsize < 4 and is_inexact(a.dtype):
        # BLAS has no such type, and NumPy's own loop is a hundred times slower
        return run(a.astype(np.float32), b.astype(np.float32)).astype(a.dtype)
    return run(a, b)


def _evaluate_foreign(a: Any, b: Any, *, spec: str) -> Any:
    recipe = lower(spec, tuple(a.shape), tuple(b.shape)).recipe
    return recipe.run_foreign(a, b, namespace(a, b))


def _shape(a: ArrayType, b: ArrayType, *, spec: str) -> ArrayType:
    return ArrayType(lower(spec, a.shape, b.shape).out_shape, np.result_type(a.dtype, b.dtype))


@functools.lru_cache(maxsize=4096)
def transposes(spec: str) -> tuple[Spec, Spec]:
    """Params of the derivatives: of (cotangent, b) by a, and of (a, cotangent) by b."""
    left, right, out = split(spec)
    return params_of(out, right, left), params_of(left, out, right)


def _save(values: Sequence[Any], out: Any, params: Spec, wanted: Sequence[Any]) -> tuple[Any, ...]:
    a, b = values
    return (None if wanted[1] is None else a, None if wanted[0] is None else b)


def _pull(g: Any, saved: tuple[Any, ...], params: Spec, wanted: Sequence[Any]) -> tuple[Any, ...]:
    by_a, by_b = transposes(params["spec"])
    a, b = saved
    return (
        None if wanted[0] is None else contract(g, b, by_a),
        None if wanted[1] is None else contract(a, g, by_b),
    )


def _push(tangents: Sequence[Any], values: Sequence[Any], out: Any, params: Spec) -> Any:
    (a, b), (by_a, by_b) = values, tangents
    left = None if by_a is None else contract(by_a, b, params)
    right = None if by_b is None else contract(a, by_b, params)
    if left is None or right is None:
        return right if left is None else left
    return left + right


@functools.lru_cache(maxsize=4096)
def _batched_spec(spec: str, batched: tuple[bool, ...]) -> Spec:
    *terms, out = split(spec)
    new = letter(len(set("".join(terms))))  # specifications are normalised, so this one is free
    left, right = (new * b + t for t, b in zip(terms, batched, strict=True))
    return params_of(left, right, new + out)


def _batch(size: int, values: Sequence[Any], batched: Sequence[bool], params: Spec) -> Any:
    return bind(contract_p, values, _batched_spec(params["spec"], tuple(batched)))


contract_p = Primitive("contract")
evaluation[contract_p] = _evaluate
foreign_evaluation[contract_p] = _evaluate_foreign
shape_rules[contract_p] = _shape
pullbacks[contract_p] = Pullback(_save, _pull)
pushforwards[contract_p] = _push
batching[contract_p] = _batch
