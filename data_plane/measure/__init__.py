"""Counts what a worker does, and shows it to Prometheus."""
