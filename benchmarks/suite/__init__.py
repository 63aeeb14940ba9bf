"""Benchmarks of tenrso-ad, run by asv."""
