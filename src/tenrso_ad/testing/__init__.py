"""Checking derivatives against differences of values."""

from .gradcheck import check_gradients
from .result import GradCheckEntry, GradCheckResult

__all__ = ["GradCheckEntry", "GradCheckResult", "check_gradients"]
