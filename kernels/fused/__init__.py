"""Kernels of the operators that rewriting creates."""
