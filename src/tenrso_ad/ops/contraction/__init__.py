"""Contractions: einsum and its kin, planned into pairs that are matrix products."""
