"""Kernels over neighbours: nearest rows, and predictions from them."""
