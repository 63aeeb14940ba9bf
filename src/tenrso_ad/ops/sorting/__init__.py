"""The order of elements: sorting, searching, distinct values, sets."""
