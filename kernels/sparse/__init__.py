"""Kernels over sparse rows, each the twin of a dense one."""
