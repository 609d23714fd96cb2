"""Limits of the HTTP front: everything that a peer could make grow, or wait, without bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes and times in seconds."""

    body_bytes: int = 64 << 20
    """Largest body, before and after decompression."""
    head_bytes: int = 16 << 10
    """Largest target and header fields of a request together."""
    connections: int = 10_000
    """Open connections; further ones are refused."""
    held_bytes: int = 1 << 30
    """Bytes of the bodies that all connections together may hold until they are answered."""
    waiting: int = 64
    """Requests that one connection may send ahead; then it is not read until some are answered."""
    head_seconds: float = 10
    """Time from the first byte of a request, or of a connection, to the end of the header fields."""
    stall_seconds: float = 60
    """Time without a received byte of a body, or without a byte of an answer being taken, until the connection ends."""
    body_rate: int = 1 << 10
    """Bytes per second at which a body must arrive on average after the first ``stall_seconds``."""
    idle_seconds: float = 120
    """Time without a request after which a connection is closed."""
    delay_seconds: float = 0
    """Wait for the event loop from which predictions are refused, while an overload lasts; 0 refuses none."""
