"""Kernels of the operators that rewriting makes of others."""
