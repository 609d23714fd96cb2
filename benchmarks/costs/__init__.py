"""Fits the cost table that the compiler chooses kernels by."""
