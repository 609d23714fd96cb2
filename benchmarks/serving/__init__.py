"""Benchmarks of serving over gRPC."""
