"""What a stop by SIGTERM costs clients, and how long it takes: `python -m benchmarks.serving.drain`."""
