"""Kernels of categories: values to codes, codes to columns or numbers."""
