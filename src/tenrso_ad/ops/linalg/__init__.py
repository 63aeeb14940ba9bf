"""Linear algebra of stacks of matrices."""
