"""Turns pipeline definitions into plans, keeps each distinct object once, and names what workers serve."""
