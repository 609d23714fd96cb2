"""Failed calls that say something of the server."""

from __future__ import annotations

FAULTS = frozenset(
    {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "ABORTED", "DATA_LOSS"}
)
"""Statuses that say something of the server; others say that a request is invalid."""
