"""Special functions, with SciPy's names and meaning."""
