"""The peer of a connection: its address and its certificate, in the forms of gRPC."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pretzel.serving.identity.http import names_of


def name_of(transport: Any) -> str:
    """Return the peer's address, such as `ipv4:127.0.0.1:4000`, `ipv6:%5B::1%5D:4000` or `unix:`."""
    address = transport.get_extra_info("peername")
    if not isinstance(address, tuple):
        return "unix:"
    host, port = address[0], address[1]
    return f"ipv6:{quote(f'[{host}]', safe=':')}:{port}" if ":" in host else f"ipv4:{host}:{port}"


def authentication(transport: Any) -> dict[str, list[bytes]]:
    """Return the properties of a connection by TLS, empty without it."""
    if transport.get_extra_info("ssl_object") is None:
        return {}
    return {"transport_security_type": [b"ssl"], **names_of(transport.get_extra_info("peercert"))}
