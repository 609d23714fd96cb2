"""Times of the command line: ``python -m benchmarks.cli.deploying [--write]``."""
