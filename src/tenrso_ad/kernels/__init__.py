"""Native code: what operations and the compiler run inside Numba kernels."""
