"""Settings of the library; each is also a context manager."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .engine import hooks, large
from .engine.errors import AnomalyError, ArgumentError, signature
from .engine.trace import Tracer
from .kernels import threads as pool


class _Restore(contextlib.AbstractContextManager[None]):
    """What a setting returns: as a ``with`` block it puts the former value back at its end."""

    def __init__(self, setting: Callable[..., None], *former: Any) -> None:
        self._setting = setting
        self._former = former

    def __exit__(self, *_: object) -> None:
        self._setting(*self._former)


def threads(count: int | None = None) -> contextlib.AbstractContextManager[Any]:
    """Set how many threads large kernels and the BLAS run in.

    Results of kernels are bitwise the same for any number of threads. A BLAS does not promise that.

    Parameters
    ----------
    count : int, optional
        At least 1; by default the cores that the process may use.

    Raises
    ------
    ArgumentError
        A number below 1.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> with ta.config.threads(1):
    ...     pass  # on one core only
    """
    if count is None:
        count = pool.available()
    if count < 1:
        raise ArgumentError(f"threads: wanted a number of at least 1, got {count!r}")
    former = pool.settings.threads, {b.internal_api: b.num_threads for b in _blas()}
    _set_threads(count, {})
    return _Restore(_set_threads, *former)


def _set_threads(count: int, blas: dict[str, int]) -> None:
    pool.settings.threads = count
    for library in _blas():
        library.set_num_threads(blas.get(library.internal_api, count))


def _blas() -> list[Any]:
    from threadpoolctl import ThreadpoolController

    controllers = ThreadpoolController().lib_controllers
    return [library for library in controllers if library.user_api == "blas"]


def parallel(
    *, min_size: int | None = None, chunk_size: int | None = None
) -> contextlib.AbstractContextManager[Any]:
    """Set from which size on work is divided among threads, and into chunks of which size.

    It governs kernels, functions that threads share without one, and sums of cotangents.
    Kernels of `compile` keep what held when they were compiled. Their sums depend on `chunk_size`
    in their last digits, and on nothing else.

    Parameters
    ----------
    min_size : int, optional
        Elements from which on work is divided; by default it is estimated from its operations.
    chunk_size : int, optional
        Elements that a thread takes at a time; 32768 by default.

    Raises
    ------
    ArgumentError
        A size below 1.
    """
    for name, size in (("min_size", min_size), ("chunk_size", chunk_size)):
        if size is not None and size < 1:
            raise ArgumentError(f"parallel: wanted a {name} of at least 1, got {size!r}")
    former = pool.settings.min_size, pool.settings.chunk_size
    _set_parallel(min_size, chunk_size or pool.CHUNK)
    return _Restore(_set_parallel, *former)


def _set_parallel(min_size: int | None, chunk_size: int) -> None:
    pool.settings.min_size, pool.settings.chunk_size = min_size, chunk_size


def kernels(
    enabled: bool = True, *, min_size: int | None = None, after: int | None = None
) -> contextlib.AbstractContextManager[Any]:
    """Set whether the backward pass runs derivatives of large arrays as kernels, without `compile`.

    Such a kernel computes the cotangents of all operands of an elementwise operation in one pass
    over memory, and adds what was gathered for them before. It gives the results of NumPy, but that
    a zero may have the other sign, so that only the time depends on these settings.

    Parameters
    ----------
    enabled : bool
        False leaves every derivative to NumPy.
    min_size : int, optional
        Elements of the smallest cotangent; 65536 by default.
    after : int, optional
        Elements that NumPy computes with a rule, for arrays of certain shapes, before its kernel is
        compiled, or read from the disk; 2**24 by default. 0 compiles at first use.

    Raises
    ------
    ArgumentError
        A size below 1, or a negative number of elements.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> with ta.config.kernels(False):
    ...     pass  # NumPy computes everything
    """
    if min_size is not None and min_size < 1:
        raise ArgumentError(f"kernels: wanted a min_size of at least 1, got {min_size!r}")
    if after is not None and after < 0:
        raise ArgumentError(f"kernels: wanted after= to be at least 0, got {after!r}")
    former = large.settings.from_size, large.settings.after
    size: float = large.FROM_SIZE if min_size is None else min_size
    _set_kernels(size if enabled else float("inf"), large.AFTER if after is None else after)
    return _Restore(_set_kernels, *former)


def _set_kernels(from_size: float, after: int) -> None:
    large.settings.from_size, large.settings.after = from_size, after


_anomaly = contextlib.ExitStack()  # holds the hooks while anomalies are looked for
_looking = False


def detect_anomaly(enabled: bool = True) -> contextlib.AbstractContextManager[Any]:
    """Raise where an operation, or its pullback, makes a NaN or an infinity out of finite operands.

    The error names the operation, its operands and, for a pullback, the line of yours that recorded
    it. Checking reads every result once and notes every line, so it is for searching, not for
    production.

    Parameters
    ----------
    enabled : bool
        False switches it off.

    Raises
    ------
    AnomalyError
        Not here, but from the operation that is found.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> with ta.config.detect_anomaly(), np.errstate(divide="ignore"):
    ...     ta.grad(lambda x: np.log(x * 0))(1.0)
    Traceback (most recent call last):
        ...
    tenrso_ad.engine.errors.AnomalyError: log(float64[]) made an infinity at ...
    """
    former = _looking
    _look_for_anomalies(enabled)
    return _Restore(_look_for_anomalies, former)


def _look_for_anomalies(enabled: bool) -> None:
    global _looking
    if enabled and not _looking:
        _anomaly.enter_context(
            hooks.installed(
                record_lines=True, after_evaluation=_check_result, after_pullback=_check_pullback
            )
        )
    elif _looking and not enabled:
        _anomaly.close()
    _looking = enabled


def _check_result(
    primitive: Any, values: Sequence[Any], params: Mapping[str, Any], out: Any
) -> None:
    found = _nonfinite(out if isinstance(out, tuple) else (out,))
    if found and not _nonfinite(values):
        call = signature(primitive.name, values, params)
        raise AnomalyError(f"{call} made {found} at {hooks.user_line()}")


def _check_pullback(node: Any, cotangent: Any, results: Sequence[Any]) -> None:
    wanted = [r for r, p in zip(results, node.parents, strict=False) if p is not None]
    given = cotangent.values() if isinstance(cotangent, dict) else (cotangent,)
    found = _nonfinite(wanted)
    # what the operation saved is data, or was looked at when it was made
    if found and not _nonfinite(given) and not _nonfinite(node.saved or ()):
        raise AnomalyError(f"the derivative of {node.origin} made {found}")


def _nonfinite(values: Any) -> str:
    """Say whether there is a NaN or an infinity among plain arrays."""
    found = ""
    for value in values:
        if isinstance(value, Tracer) or not isinstance(
            value, (np.ndarray, np.generic, float, complex)
        ):
            continue
        if np.asarray(value).dtype.kind not in "fc":
            continue
        if np.isnan(value).any():
            return "a NaN"
        if np.isinf(value).any():
            found = "an infinity"
    return found
