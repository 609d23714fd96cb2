"""Transports: gRPC over libnghttp2 or grpcio, and HTTP/1.1."""

from __future__ import annotations

from pretzel.loadgen.calls import Transport
from pretzel.loadgen.server import Server
from pretzel.loadgen.transports.connection import is_available

__all__ = ["transport_of"]


def transport_of(server: Server, protocol: str, connections: int) -> Transport:
    """Return the transport of a protocol; gRPC is by `ngh2` where that is installed and knows the address."""
    if protocol == "oip-rest":
        from pretzel.loadgen.transports.http1 import Http1Transport

        return Http1Transport(server, connections)
    if is_available() and server.is_direct:
        from pretzel.loadgen.transports.http2 import Http2Transport

        return Http2Transport(server, connections)
    from pretzel.loadgen.transports.grpcio import GrpcioTransport

    return GrpcioTransport(server, connections)
