"""Lowers an optimized definition to a plan and its derived blobs."""
