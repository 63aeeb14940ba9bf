"""Contractions as networks: read from a graph, put in order again, written back."""
