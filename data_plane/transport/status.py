"""Statuses and metadata of gRPC as HTTP/2 header fields: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote_to_bytes

import grpc

Header = tuple[bytes, bytes]
Metadata = Sequence[tuple[str, str | bytes]]

_BINARY = "-bin"
_CUT_ESCAPE = re.compile(r"%[0-9A-F]?$")
_KEY, _VALUE = re.compile(r"[0-9a-z_.\-]+"), re.compile(rb"[ -~]*")
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
MOST_MESSAGE = 6 << 10
"""Bytes of the longest message, encoded: many clients reject headers of more than 8 KiB, and with them the status."""
OK_TRAILERS: tuple[Header, ...] = ((b"grpc-status", b"0"),)


def status_fields(code: grpc.StatusCode, message: str, metadata: Metadata = ()) -> list[Header]:
    """Return the trailing fields of a status; the message is percent-encoded UTF-8."""
    fields = [(b"grpc-status", b"%d" % code.value[0])]
    if message:
        fields.append((b"grpc-message", quoted(message)))
    fields.extend(metadata_fields(metadata))
    return fields


def quoted(message: str) -> bytes:
    """Return a status message percent-encoded, and cut to what any client accepts.

    Spaces at its ends are encoded too, for HTTP strips those.
    """
    text = quote(message, safe=_PRINTABLE, errors="replace")
    if len(text) > MOST_MESSAGE:
        whole = _CUT_ESCAPE.sub("", text[:MOST_MESSAGE])
        text = quote(unquote_to_bytes(whole).decode(errors="ignore"), safe=_PRINTABLE).strip(" ")
    inner = text.lstrip(" ")
    before = len(text) - len(inner)
    inner = inner.rstrip(" ")
    return ("%20" * before + inner + "%20" * (len(text) - before - len(inner))).encode()


def metadata_fields(metadata: Iterable[tuple[str, str | bytes]]) -> list[Header]:
    """Return metadata as fields; values of keys that end in `-bin` are base64 without padding.

    Raises:
        ValueError: a key or value holds characters that HTTP does not allow, and its receiver would reject the call.
    """
    return [(_field_name(key), _field_value(key, value)) for key, value in metadata]


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


def _field_name(key: str) -> bytes:
    if not _KEY.fullmatch(key):
        raise ValueError(f"metadata key {key!r}: expected lower-case letters, digits, '_', '-' and '.'")
    return key.encode()


def _field_value(key: str, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    if key.endswith(_BINARY):
        return base64.b64encode(data).rstrip(b"=")
    if not _VALUE.fullmatch(data):
        raise ValueError(f"metadata {key!r}: expected printable ASCII; a key that ends in '-bin' takes any bytes")
    return data


def _unpadded(value: bytes) -> bytes:
    value = value.strip()
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(f"binary metadata is not base64: {error}") from None
