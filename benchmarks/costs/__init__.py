"""Fit the cost table that the compiler selects kernels by."""
