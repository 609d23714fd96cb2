"""Reads the metrics of workers, for `pretzel top` and the console."""
