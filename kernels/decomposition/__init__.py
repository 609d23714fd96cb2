"""Kernels that take a row apart step by step: into topics, into atoms of a dictionary."""
