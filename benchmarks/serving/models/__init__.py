"""Models for the benchmarks of serving."""
