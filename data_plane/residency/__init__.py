"""Decides which plans are in memory, under a budget."""
