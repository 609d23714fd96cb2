"""Content codings: gzip and deflate of requests, gzip of responses."""

from __future__ import annotations

import gzip
import zlib

from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.statuses import HttpError

LEAST = 1024
"""Bytes from which a response is compressed: shorter ones fit into one packet as they are."""
INLINE = 64 << 10
"""Bytes that are compressed or decompressed on the event loop; more take a thread."""
_LEVEL = 1
_AUTO = 32 | zlib.MAX_WBITS
"""Accepts the headers of both gzip and zlib."""


def is_coded(request: Request) -> bool:
    """Return whether the body is compressed.

    Raises:
        HttpError: by a coding that is not supported.
    """
    coding = request.header(b"content-encoding").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise HttpError(
            415, f"content-encoding {coding[:100]!r}: expected gzip or deflate", accept_encoding="gzip, deflate"
        )
    return coding not in ("", "identity")


def decoded(body: bytes, most: int) -> bytes:
    """Return a decompressed body.

    Raises:
        HttpError: it is damaged or incomplete, or has more than ``most`` bytes.
    """
    unzip = zlib.decompressobj(_AUTO)
    try:
        plain = unzip.decompress(body, most + 1)
    except zlib.error as error:
        raise HttpError(400, f"body: the compressed data is damaged ({error})") from None
    if len(plain) > most:
        raise HttpError(413, f"the decompressed body exceeds {most} bytes; send fewer rows per call")
    if not unzip.eof or unzip.unused_data:
        raise HttpError(400, "body: the compressed data is incomplete, or has more than one member")
    return plain


def accepts_gzip(request: Request) -> bool:
    """Return whether the client wants compressed answers."""
    for item in request.header(b"accept-encoding").lower().split(","):
        coding, _, weight = item.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def encode(response: Response) -> None:
    """Compress a response."""
    response.body = gzip.compress(response.body, _LEVEL, mtime=0)
    response.headers += [("content-encoding", "gzip"), ("vary", "accept-encoding")]
