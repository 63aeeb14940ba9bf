"""Gradients, pullbacks and pushforwards of functions of arrays and pytrees of arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import trace as _trace
from ..engine import tree
from ..engine.errors import ArgumentError, DTypeError, ShapeError, describe
from ..engine.forward import ForwardTrace
from ..engine.guard import protect
from ..engine.node import Leaf
from ..engine.opening import brought_out, opened
from ..engine.reverse import ReverseTrace, backpropagate
from ..engine.trace import NUMPY_TYPES, Tracer, is_inexact, snapshot
from ..ops.arraylike import is_arraylike
from ..ops.declare import is_complex, ones_like, zeros_like
from ..ops.elementwise import stop_gradient as _stop_gradient
from ..ops.pointwise import operand
from ..tape import conjugated, cotangent_like, memory_of, owned

Argnums = int | Sequence[int]


def stop_gradient(x: Any) -> Any:
    """Give the same values with a zero derivative, for every transform and tape.

    Parameters
    ----------
    x : pytree of array

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> float(ta.grad(lambda x: x * ta.stop_gradient(x))(3.0))
    3.0
    """
    return tree.map(_stop_gradient, x)


def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Gradient of a function of arrays with a real scalar result.

    Parameters
    ----------
    f : callable
        Takes arrays or pytrees of them, returns a real scalar (or ``(scalar, aux)`` with
        ``has_aux``).
    argnums : int or sequence of int
        Which positional arguments to differentiate.
    has_aux : bool
        Whether `f` returns something besides, to be handed through.

    Returns
    -------
    callable
        Called as `f`; returns the gradient, with the structure, shapes and dtypes of the argument
        (a tuple of them for a sequence of `argnums`), or ``(gradient, aux)``. For a complex
        argument z = x + iy it is dL/dx + i dL/dy.

    Raises
    ------
    DTypeError
        An integer or boolean argument, or a complex result.
    ShapeError
        A result that is no scalar.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> ta.grad(lambda x: np.sum(np.sin(x) ** 2))(np.array([0.0, np.pi / 4]))
    array([0., 1.])
    """
    compute = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = compute(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Value and gradient of a function in one go; see `grad`.

    Returns
    -------
    callable
        Returns ``(value, gradient)``, or ``((value, aux), gradient)`` with `has_aux`.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> value, gradient = ta.value_and_grad(lambda x: x**3)(2.0)
    >>> float(value), float(gradient)
    (8.0, 12.0)
    """
    several = not isinstance(argnums, int)
    places = argnums if several else (argnums,)

    @functools.wraps(f)
    def compute(*args: Any, **kwargs: Any) -> Any:
        trace = ReverseTrace()
        with opened(trace):
            call_args, leaves, forms = _variables(trace, f, args, places, "grad")
            out = brought_out(f(*call_args, **kwargs), trace)
        aux = None
        if has_aux:
            if not isinstance(out, tuple) or len(out) != 2:
                raise ArgumentError(
                    f"{_name(f)} with has_aux=True returns (scalar, aux), got {type(out).__name__}"
                )
            out, aux = out
        root = out.node if isinstance(out, Tracer) and out.trace is trace else None
        value = _lower(trace, out)
        _check_scalar(value, f)
        gradients: dict[Leaf, Any] = {}
        if root is not None:
            gradients = backpropagate([(root, _one(value))])
        results = _collect(leaves, gradients, set())
        if forms is not None:
            results = _rebuilt(forms, results)
        result = tuple(results) if several else results[0]
        return ((value, _lower(trace, aux)), result) if has_aux else (value, result)

    return compute


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Evaluate a function and keep its pullback.

    Parameters
    ----------
    f : callable
        Takes and returns pytrees of arrays.
    *primals : pytree of array
        Arguments, all differentiated. NumPy arrays among them and in the result are read-only for
        as long as the pullback lives.
    has_aux : bool
        Whether `f` returns ``(result, aux)``.

    Returns
    -------
    out : pytree of array
    pullback : callable
        Takes a cotangent of the structure, shapes and dtypes of `out`; returns a tuple with one
        gradient a primal. May be called any number of times.
    aux : pytree, optional

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> out, pullback = ta.vjp(lambda x, y: x * y, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 3., 40.]), array([ 1., 20.]))
    """
    trace = ReverseTrace()
    with opened(trace):
        args, variables, _ = _variables(trace, f, primals, range(len(primals)), "vjp")
        out = brought_out(f(*args), trace)
    out, aux = out if has_aux else (out, None)
    outs, structure = tree.flatten(out)
    nodes = [o.node if isinstance(o, Tracer) and o.trace is trace else None for o in outs]
    values = [_lower(trace, o) for o in outs]
    primal_leaves, primal_structure = tree.flatten(primals)
    guards = [protect(a) for a in (*primal_leaves, *values) if type(a) is np.ndarray]

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        """Gradients of the primals for one cotangent of the result."""
        assert guards is not None  # primals and result stay read-only while this function lives
        cotangents = _leaves_like(cotangent, structure, f"the cotangent of {_name(f)}")
        cotangents = [
            cotangent_like(c, v, f"pullback of {_name(f)}")
            for c, v in zip(cotangents, values, strict=True)
        ]
        roots = [(n, c) for n, c in zip(nodes, cotangents, strict=True) if n is not None]
        gradients = backpropagate(roots, retain=True)
        shared = {memory_of(c) for c in cotangents}
        results: tuple[Any, ...] = tree.unflatten(
            primal_structure, _collect(variables, gradients, shared)
        )
        return results

    out = tree.unflatten(structure, values)
    return (out, pullback, _lower(trace, aux)) if has_aux else (out, pullback)


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """Value of a function and its derivative in one direction (forward mode).

    Parameters
    ----------
    f : callable
        Takes and returns pytrees of arrays.
    primals : sequence of pytree
        Arguments.
    tangents : sequence of pytree
        A direction for each argument, of its structure and shapes.
    has_aux : bool
        Whether `f` returns ``(result, aux)``.

    Returns
    -------
    out, tangent : pytree of array
        And ``aux``, if asked.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> out, tangent = ta.jvp(lambda x: x**3, (2.0,), (1.0,))
    >>> float(out), float(tangent)
    (8.0, 12.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise ArgumentError("jvp takes a tuple of primals and a tuple of tangents")
    leaves, structure = tree.flatten(tuple(primals))
    directions = _leaves_like(tuple(tangents), structure, f"the tangents of {_name(f)}")
    trace = ForwardTrace()
    with opened(trace):
        values = [_differentiable(leaf, "jvp", f) for leaf in leaves]
        moving = []
        for v, t in zip(values, directions, strict=True):
            t = operand(t) if hasattr(t, "dtype") else np.asarray(t, v.dtype)
            if tuple(t.shape) != tuple(v.shape):
                raise ShapeError(
                    f"jvp of {_name(f)}: a tangent has the shape of its primal, {describe(v)}, "
                    f"got {describe(t)}"
                )
            if is_complex(t) and not is_complex(v):
                raise DTypeError(
                    f"jvp of {_name(f)}: the tangent of {describe(v)} cannot be {describe(t)}"
                )
            t = t if t.dtype == v.dtype else t.astype(v.dtype)
            moving.append(_trace.Tensor(snapshot(v), trace, snapshot(t)))
        out = brought_out(f(*tree.unflatten(structure, moving)), trace)
    out, aux = out if has_aux else (out, None)
    outs, out_structure = tree.flatten(out)
    results, pushed = [], []
    shared = {memory_of(t) for t in directions}
    for o in outs:
        mine = isinstance(o, Tracer) and o.trace is trace
        value = _lower(trace, o)
        tangent = o.node if mine else None
        results.append(value)
        pushed.append(
            owned(tangent, shared)
            if tangent is not None
            else zeros_like(value if hasattr(value, "dtype") else np.asarray(value))
        )
    both = tree.unflatten(out_structure, results), tree.unflatten(out_structure, pushed)
    return (*both, _lower(trace, aux)) if has_aux else both


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """Hessian-vector product of a scalar function, forward over reverse.

    Parameters
    ----------
    f : callable
        Takes one pytree of arrays, returns a real scalar.
    x, v : pytree of array
        Point and direction, of one structure.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> ta.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """
    return jvp(grad(f), (x,), (v,))[1]


# --- between the user's arguments and tensors -----------------------------------------------------


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _differentiable(leaf: Any, what: str, f: Callable[..., Any]) -> Any:
    """Give an argument as an array in which a derivative can be taken."""
    if type(leaf) is np.ndarray:
        if leaf.dtype.kind in "fc" and leaf.dtype.isnative:
            return leaf
    elif isinstance(leaf, (float, complex, np.generic)):
        leaf = np.asarray(leaf)
    elif is_arraylike(leaf):
        leaf = operand(leaf)
    if type(leaf) is np.ndarray and not leaf.dtype.isnative:
        leaf = leaf.astype(leaf.dtype.newbyteorder("="))
    if not hasattr(leaf, "dtype") or not is_inexact(leaf.dtype):
        raise DTypeError(
            f"{what} of {_name(f)}: a derivative exists for floating-point and complex arguments, "
            f"got {describe(leaf)}. Convert it to float, or leave it out of argnums."
        )
    return leaf


def _variables(
    trace: ReverseTrace, f: Callable[..., Any], args: Sequence[Any], argnums: Any, what: str
) -> tuple[list[Any], list[tuple[Any, Leaf]], list[Any] | None]:
    """Make tensors of the chosen arguments.

    Returns
    -------
    args, leaves, forms
        All arguments with tensors in place, each tensor's value and leaf in order, and the form of
        each chosen argument (None for an array; None altogether where each is one).
    """
    call_args = list(args)
    leaves: list[tuple[Any, Leaf]] = []
    forms: list[Any] = []
    nested = False
    for i in argnums:
        try:
            arg = args[i]
        except IndexError:
            raise ArgumentError(
                f"{what} of {_name(f)}: argnums has {i}, "
                f"but the call has {len(args)} positional arguments"
            ) from None
        if call_args[i] is not arg:
            raise ArgumentError(f"{what} of {_name(f)}: argnums {argnums} names an argument twice")
        if type(arg) is np.ndarray:
            call_args[i] = _variable(trace, _differentiable(arg, what, f), leaves)
            forms.append(None)
        else:
            nested = True
            flat, structure = tree.flatten(arg)
            made = [_variable(trace, _differentiable(leaf, what, f), leaves) for leaf in flat]
            call_args[i] = tree.unflatten(structure, made)
            forms.append(structure)

    return call_args, leaves, forms if nested else None


def _rebuilt(forms: Sequence[Any], gradients: list[Any]) -> list[Any]:
    """Give gradients the forms of the arguments."""
    rest = iter(gradients)
    return [
        next(rest)
        if form is None
        else tree.unflatten(form, [next(rest) for _ in range(form.num_leaves)])
        for form in forms
    ]


def _variable(trace: ReverseTrace, value: Any, leaves: list[tuple[Any, Leaf]]) -> Tracer:
    """Make a tensor, and note what it is before the function may change it in place."""
    variable = trace.variable(value)
    leaves.append((variable.value, variable.node))
    return variable


def _collect(
    leaves: Sequence[tuple[Any, Leaf]], gradients: dict[Leaf, Any], shared: set[int]
) -> list[Any]:
    """Gradients of the leaves as arrays of the user's own; zeros where nothing arrived."""
    return [
        zeros_like(value) if (g := gradients.get(leaf)) is None else owned(conjugated(g), shared)
        for value, leaf in leaves
    ]


def _lower(trace: Any, out: Any) -> Any:
    """Take the tensors of a trace out of a result."""
    if isinstance(out, Tracer):
        return snapshot(out.value) if out.trace is trace else out
    if out is None or type(out) in NUMPY_TYPES:
        return out
    return tree.map(lambda o: _lower(trace, o) if isinstance(o, Tracer) else o, out)


def _one(value: Any) -> Any:
    """Cotangent of a scalar result by itself."""
    if type(value) in NUMPY_TYPES:
        return _numpy_one(value.dtype)
    return ones_like(value)


@functools.cache
def _numpy_one(dtype: Any) -> np.ndarray:
    one = np.ones((), dtype)
    one.flags.writeable = False  # every gradient begins with it
    return one


def _check_scalar(value: Any, f: Callable[..., Any]) -> None:
    if not hasattr(value, "dtype"):
        if isinstance(value, (int, float)):
            return
        raise ShapeError(f"grad of {_name(f)}: the result must be a scalar, got {describe(value)}")
    if value.shape != ():
        raise ShapeError(
            f"grad of {_name(f)}: the result must be a scalar, got {describe(value)}; "
            "reduce it (sum, mean), or use vjp or jacobian"
        )
    if is_complex(value):
        raise DTypeError(
            f"grad of {_name(f)}: the result is complex; take its real part, or use vjp"
        )


def _leaves_like(given: Any, structure: Any, what: str) -> list[Any]:
    """Leaves of a user's pytree, checked to have a structure."""
    try:
        return structure.flatten_up_to(given)  # type: ignore[no-any-return]
    except ValueError as error:
        raise ArgumentError(f"{what} must have the structure {structure}: {error}") from None
