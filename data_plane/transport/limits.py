"""Limits of the native front: everything that a peer could make grow without bound."""

from __future__ import annotations

from dataclasses import dataclass

from pretzel.serving.header_lists import HEADER_BYTES

FIELD_OVERHEAD = 32
"""Bytes that each field of a header list counts beyond its name and value: RFC 9113, section 6.5.2."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes and times in seconds."""

    message_bytes: int = 64 << 20
    """Largest message, after decompression."""
    header_bytes: int = HEADER_BYTES
    """Largest header list of a call; a larger one fails with RESOURCE_EXHAUSTED."""
    streams: int = 1024
    """Open calls of one connection; a client queues the others, where their age is not seen."""
    calls: int = 100_000
    """Open calls of all connections together; beyond it, a connection may have one, and others get REFUSED_STREAM."""
    connections: int = 10_000
    """Open connections; further ones are closed on arrival."""
    stream_window: int = 1 << 20
    """Bytes that the peer may send on one stream before they are consumed."""
    connection_window: int = 256 << 20
    """The same for all streams together, so large that unread streams cannot stop the others."""
    received_bytes: int = 1 << 30
    """Bytes that all connections together may hold: messages until they are answered, and unread answers."""
    delay_seconds: float = 0
    """Wait of a received call for the event loop from which it is refused, while an overload lasts; 0 refuses none."""
    output_bytes: int = 8 << 20
    """Unsent bytes of responses from which further calls of a connection wait."""
    stream_output_bytes: int = 1 << 20
    """Unsent bytes from which the handler of a streaming call waits."""
    handshake_seconds: float = 10
    """Time from the connection's start to the peer's SETTINGS."""
    idle_seconds: float = 120
    """Time without an open call after which a connection is closed."""
    age_seconds: float = 300
    """Age after which clients are asked to reconnect."""
    age_grace_seconds: float = 300
    """Time that running calls get after that."""
    keepalive_seconds: float = 60
    """Time without a received byte after which the peer is asked whether it is alive."""
    keepalive_timeout: float = 20
    """Time that it has to answer."""
    stall_seconds: float = 60
    """Time without progress after which a call that is being received, or a connection that does not read, is ended."""

    @property
    def unread_bytes(self) -> int:
        """Bytes of large answers that one connection may leave unread; beyond them, further ones fail."""
        return max(self.message_bytes, self.received_bytes // 4)
