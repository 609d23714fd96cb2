"""Counters of a worker, exported to Prometheus."""
