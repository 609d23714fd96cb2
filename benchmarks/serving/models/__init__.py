"""Models that the benchmarks of serving ask."""
