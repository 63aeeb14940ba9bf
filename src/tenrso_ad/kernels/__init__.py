"""Native code: what operations and the compiler run inside kernels."""
