"""Reductions over axes, and running sums and products."""
