"""Turns pipeline definitions into plans, keeps every distinct object once, and tells workers what to serve."""
