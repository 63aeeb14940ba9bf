"""Automatic differentiation for tensor computing."""
