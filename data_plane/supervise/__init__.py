"""Starts the processes of a worker, keeps them alive, and tells them what to serve."""
