"""Kernels over dates and time spans: int64 ticks, of which the smallest is the missing value."""
