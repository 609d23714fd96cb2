"""The cost of a stop by SIGTERM for clients, and how long it takes: `python -m benchmarks.serving.drain`."""
