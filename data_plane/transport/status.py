"""Statuses and metadata of gRPC as HTTP/2 header fields: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from urllib.parse import quote

import grpc

Header = tuple[bytes, bytes]
Metadata = Sequence[tuple[str, str | bytes]]

_BINARY = "-bin"
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
OK_TRAILERS: tuple[Header, ...] = ((b"grpc-status", b"0"),)


def status_fields(code: grpc.StatusCode, message: str, metadata: Metadata = ()) -> list[Header]:
    """Return the trailing fields of a status; the message is percent-encoded UTF-8."""
    fields = [(b"grpc-status", b"%d" % code.value[0])]
    if message:
        fields.append((b"grpc-message", quote(message, safe=_PRINTABLE, errors="replace").encode()))
    fields.extend(metadata_fields(metadata))
    return fields


def metadata_fields(metadata: Iterable[tuple[str, str | bytes]]) -> list[Header]:
    """Return metadata as fields; values of keys that end in `-bin` are base64 without padding."""
    return [(key.encode(), _field_value(key, value)) for key, value in metadata]


def metadata_of(fields: Iterable[Header]) -> tuple[tuple[str, str | bytes], ...]:
    """Return the metadata of received fields.

    Raises:
        ValueError: the value of a binary key is not base64.
    """
    found: list[tuple[str, str | bytes]] = []
    for name, value in fields:
        if name.endswith(b"-bin"):
            # One field may hold several values: intermediaries join fields with commas.
            found.extend((name.decode("ascii"), _unpadded(part)) for part in value.split(b","))
        else:
            found.append((name.decode("ascii"), value.decode("latin-1")))
    return tuple(found)


def _field_value(key: str, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return base64.b64encode(data).rstrip(b"=") if key.endswith(_BINARY) else data


def _unpadded(value: bytes) -> bytes:
    value = value.strip()
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(f"binary metadata is not base64: {error}") from None
