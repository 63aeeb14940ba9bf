"""Jacobians and Hessians, as whole arrays or as their diagonal."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.errors import ArgumentError, DTypeError
from ..ops.declare import is_complex, namespace_inside
from .gradients import Argnums, _name, grad, hvp, jvp, vjp
from .mapping import vmap


def jacfwd(
    f: Callable[..., Any], argnums: Argnums = 0, holomorphic: bool = False
) -> Callable[..., Any]:
    """Jacobian by forward mode: one direction an input element, all at once. Best for few inputs.

    Parameters
    ----------
    f : callable
        Takes and returns arrays or pytrees of them.
    argnums : int or sequence of int
        Which arguments to differentiate.
    holomorphic : bool
        Say that `f` is complex differentiable; needed for complex arguments. The result then is
        df/dz.

    Returns
    -------
    callable
        Its result has the structure of the result of `f`; in each place that of the arguments; each
        array has the shape ``out.shape + in.shape``.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> ta.jacfwd(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        chosen, call = _split(f, args, argnums, kwargs)
        leaves, structure = tree.flatten(chosen)
        _check_holomorphic(leaves, holomorphic, "jacfwd", f)
        bases = _bases(leaves)

        def push(*directions: Any) -> Any:
            return jvp(call, chosen, tree.unflatten(structure, directions))[1]

        columns = vmap(push, out_axes=-1)(*bases)
        return _spread(columns, leaves, structure, argnums)

    return jacobian_of


def jacrev(
    f: Callable[..., Any], argnums: Argnums = 0, holomorphic: bool = False
) -> Callable[..., Any]:
    """Jacobian by reverse mode: one pullback an output element, all at once. Best for few outputs.

    See `jacfwd` for parameters and result.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> ta.jacrev(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    @functools.wraps(f)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        chosen, call = _split(f, args, argnums, kwargs)
        out, pullback = vjp(call, *chosen)
        return _pull_back(f, out, pullback, chosen, argnums, holomorphic)

    return jacobian_of


def jacobian(
    f: Callable[..., Any], argnums: Argnums = 0, holomorphic: bool = False
) -> Callable[..., Any]:
    """Jacobian by the cheaper mode: forward where `f` has fewer inputs than outputs, else reverse.

    See `jacfwd` for parameters and result.
    """

    @functools.wraps(f)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        chosen, call = _split(f, args, argnums, kwargs)
        out, pullback = vjp(call, *chosen)
        if _count(tree.leaves(chosen)) < _count(tree.leaves(out)):
            return jacfwd(f, argnums, holomorphic)(*args, **kwargs)
        return _pull_back(f, out, pullback, chosen, argnums, holomorphic)

    return jacobian_of


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Hessian of a real scalar function of real arrays, forward over reverse.

    Parameters
    ----------
    f : callable
        Takes arrays or pytrees of them, returns a real scalar.
    argnums : int or sequence of int
        Which arguments to differentiate.

    Returns
    -------
    callable
        For an array of shape s its result has the shape ``s + s``; for pytrees, the structure of
        the arguments nested in itself.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> ta.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacfwd(grad(f, argnums), argnums)


def hessian_diagonal(
    f: Callable[..., Any],
    x: Any,
    method: str = "exact",
    *,
    samples: int = 32,
    seed: int | None = None,
    chunk_size: int = 64,
) -> Any:
    """Diagonal of the Hessian of a real scalar function.

    Parameters
    ----------
    f : callable
        Takes one pytree of real arrays, returns a real scalar.
    x : pytree of array
        Where.
    method : {"exact", "hutchinson"}
        One Hessian-vector product an element, or an unbiased estimate from random signs z: the mean
        of z * (H z) (Bekas, Kokiopoulou and Saad, 2007), whose error falls as 1 / sqrt(samples) and
        is zero for a diagonal H.
    samples : int
        Products that the estimate takes.
    seed : int, optional
        Of the random signs.
    chunk_size : int
        How many products are computed at once; bounds the memory.

    Returns
    -------
    pytree of array
        As `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> ta.hessian_diagonal(lambda x: np.sum(x**3), np.array([1.0, 2.0]))
    array([ 6., 12.])
    """
    leaves, structure = tree.flatten(x)
    leaves = [np.asarray(leaf) if isinstance(leaf, float) else leaf for leaf in leaves]
    point = tree.unflatten(structure, leaves)

    def along(*directions: Any) -> Any:
        """V * (H v): its sum over a basis, or its mean over random signs, is the diagonal."""
        v = tree.unflatten(structure, directions)
        return tree.map(lambda a, b: a * b, v, hvp(f, point, v))

    if method == "exact":
        batches = _bases(leaves)
    elif method == "hutchinson":
        if samples < 1:
            raise ArgumentError(f"hessian_diagonal: samples is at least 1, got {samples}")
        rng = np.random.default_rng(seed)
        batches = [
            rng.choice(np.array([-1.0, 1.0], leaf.dtype), size=(samples, *leaf.shape))
            for leaf in leaves
        ]
    else:
        raise ArgumentError(f"hessian_diagonal: method is 'exact' or 'hutchinson', got {method!r}")
    count = len(batches[0]) if batches else 0
    total: Any = None
    for start in range(0, count, chunk_size):
        part = vmap(along)(*(b[start : start + chunk_size] for b in batches))
        part = tree.map(lambda a: a.sum(axis=0), part)
        total = part if total is None else tree.map(lambda a, b: a + b, total, part)
    if total is None:
        return point
    return total if method == "exact" else tree.map(lambda a: a / samples, total)


# --- between pytrees and batches of directions ----------------------------------------------------


def _split(
    f: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums, kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], Callable[..., Any]]:
    """Chosen arguments, and a function of these alone."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise ArgumentError(
                f"argnums has {i}, but the call of {_name(f)} has {len(args)} positional arguments"
            )

    @functools.wraps(f)
    def call(*chosen: Any) -> Any:
        full = list(args)
        for i, value in zip(numbers, chosen, strict=True):
            full[i] = value
        return f(*full, **kwargs)

    chosen = tuple(args[i] for i in numbers)
    return tree.map(lambda a: np.asarray(a) if isinstance(a, float) else a, chosen), call


def _count(leaves: Sequence[Any]) -> int:
    return sum(math.prod(getattr(leaf, "shape", ())) for leaf in leaves)


def _bases(leaves: Sequence[Any]) -> list[Any]:
    """For each array, the unit directions of all arrays together, as a batch."""
    total, start, bases = _count(leaves), 0, []
    for leaf in leaves:
        size = _count([leaf])
        xp = namespace_inside(leaf)
        basis = xp.eye(total, size, k=-start, dtype=leaf.dtype)
        bases.append(xp.reshape(basis, (total, *leaf.shape)))
        start += size
    return bases


def _check_holomorphic(
    leaves: Sequence[Any], holomorphic: bool, what: str, f: Callable[..., Any]
) -> None:
    if not holomorphic and any(is_complex(leaf) for leaf in leaves):
        raise DTypeError(
            f"{what} of {_name(f)}: a complex Jacobian exists for holomorphic functions only; "
            "say holomorphic=True, or split the arrays into real and imaginary parts"
        )


def _pull_back(
    f: Callable[..., Any],
    out: Any,
    pullback: Callable[..., Any],
    chosen: Any,
    argnums: Argnums,
    holomorphic: bool,
) -> Any:
    outs, out_structure = tree.flatten(out)
    outs = [np.asarray(o) if not hasattr(o, "dtype") else o for o in outs]
    _check_holomorphic([*outs, *tree.leaves(chosen)], holomorphic, "jacrev", f)
    leaves, structure = tree.flatten(chosen)
    bases = _bases(outs)
    rows = vmap(lambda *c: pullback(tree.unflatten(out_structure, c)))(*bases)
    # rows: for each argument array, (all output elements, *shape); cut into outputs
    results = []
    start = 0
    for o in outs:
        size = _count([o])
        cut = [
            _conj_if(r[start : start + size], holomorphic).reshape((*o.shape, *leaf.shape))
            for r, leaf in zip(tree.leaves(rows), leaves, strict=True)
        ]
        results.append(_one_or_tuple(tree.unflatten(structure, cut), argnums))
        start += size
    return tree.unflatten(out_structure, results)


def _conj_if(rows: Any, holomorphic: bool) -> Any:
    """The pullback of a holomorphic f gives conj(df/dz)."""
    return rows.conj() if holomorphic else rows


def _spread(columns: Any, leaves: Sequence[Any], structure: Any, argnums: Argnums) -> Any:
    """Cut the last axis, all input elements, into the input arrays."""

    def cut(column: Any) -> Any:
        parts, start = [], 0
        for leaf in leaves:
            size = _count([leaf])
            part = column[..., start : start + size]
            parts.append(part.reshape((*column.shape[:-1], *leaf.shape)))
            start += size
        return _one_or_tuple(tree.unflatten(structure, parts), argnums)

    return tree.map(cut, columns)


def _one_or_tuple(per_argument: Any, argnums: Argnums) -> Any:
    return per_argument[0] if isinstance(argnums, int) else tuple(per_argument)
