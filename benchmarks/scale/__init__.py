"""Thousands of models on one machine: time per deployment, memory, restarts, and first calls."""
