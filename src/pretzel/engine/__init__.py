"""Turns a plan and its objects into a program of kernels."""
