"""Decides which plans stay in memory, under a budget."""
