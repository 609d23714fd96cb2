"""Kernels of forests and boosted trees."""
