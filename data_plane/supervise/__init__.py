"""Starts the processes of a worker, keeps them alive, and sends them what to serve."""
