"""NumPy's linalg: see `tenrso_ad.numpy`."""

from ..ops.linalg import cholesky, det, inv, slogdet, solve

__all__ = ["cholesky", "det", "inv", "slogdet", "solve"]
