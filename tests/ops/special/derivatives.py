"""Derivatives against mpmath's, of 40 digits."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

import tenrso_ad as ta


def check_against(
    exact: Callable[[Any], Any],
    function: Callable[[Any], Any],
    x: float,
    *,
    order: int = 2,
    rtol: float = 1e-13,
) -> None:
    """The value at x and the derivatives up to an order, each to the tolerance."""
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -18 * max(abs(x), 1e-3)
        for n in range(order + 1):
            value = mpmath.diff(exact, mpmath.mpf(x), n, h=step) if n else exact(mpmath.mpf(x))
            expected = float(value)
            np.testing.assert_allclose(
                function(x),
                expected,
                rtol=rtol,
                atol=1e-14 if abs(expected) < 1e-14 else 0,
                err_msg=f"derivative {n}",
            )
            function = ta.grad(function)
