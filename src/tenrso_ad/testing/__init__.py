"""Checking derivatives against differences of values."""

from .gradcheck import GradCheckEntry, GradCheckResult, check_gradients

__all__ = ["GradCheckEntry", "GradCheckResult", "check_gradients"]
