"""Discrete Fourier transforms: linear maps whose transposes are Fourier transforms again."""
