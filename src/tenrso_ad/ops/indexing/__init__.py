"""Indexing, its transpose, and functional updates."""
