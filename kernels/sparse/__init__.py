"""Kernels over sparse rows, each the counterpart of a dense one."""
