"""Optimisers: pure functions of an explicit state, under thin objects that hold it."""

from tenrso_ad.training.lbfgs import LBFGSOptions, LBFGSState
from tenrso_ad.training.minimize import LBFGS, LBFGSResult, minimize

__all__ = ["LBFGS", "LBFGSOptions", "LBFGSResult", "LBFGSState", "minimize"]
