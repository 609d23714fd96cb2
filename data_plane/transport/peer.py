"""The peer of a connection: its address and its certificate, in the forms of gRPC."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote


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
    certificate = transport.get_extra_info("peercert") or {}
    names = [value.encode() for item in certificate.get("subject", ()) for key, value in item if key == "commonName"]
    others = [value.encode() for _, value in certificate.get("subjectAltName", ())]
    return {"transport_security_type": [b"ssl"], "x509_common_name": names, "x509_subject_alternative_name": others}
