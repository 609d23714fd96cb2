"""Kernels from text to sparse counts, exact to Python's rules for any valid UTF-8."""
