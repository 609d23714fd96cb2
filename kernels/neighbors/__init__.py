"""Kernels over neighbours: which are nearest, and what they say."""
