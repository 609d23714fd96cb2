"""File descriptors of a server: raises the limit, and keeps a reserve that no client can take."""

from __future__ import annotations

import resource

RESERVE = 256
"""Descriptors that connections leave free: for objects, catalogs, logs, child processes and the control channel."""
HTTP_PART = 4
"""The part of a worker's connections that may be of its HTTP front; those of gRPC are the others."""
HANDSHAKE_SECONDS = 10
"""Longest time that a new connection may stay silent."""


def raise_limit() -> int:
    """Raise the soft limit of descriptors to the hard one, and return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # some kernels reject an infinite soft limit
            pass
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 1 << 20


def most_connections(limit: int) -> int:
    """Return the number of connections that a server may accept under a limit of descriptors."""
    return max(limit - RESERVE, limit // 2, 1)


def connection_options(limit: int, idle_seconds: float) -> list[tuple[str, int]]:
    """Return options of a gRPC server that keep silent connections from taking every descriptor.

    A connection beyond the limit is closed on arrival; gRPC before 1.68 lacks that option, and only closes silent
    connections by the other two.
    """
    return [
        ("grpc.max_allowed_incoming_connections", most_connections(limit)),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_SECONDS * 1000),
        ("grpc.max_connection_idle_ms", int(idle_seconds * 1000)),
    ]
