"""Making, reshaping, permuting and joining arrays."""
