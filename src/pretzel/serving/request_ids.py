"""Identifiers of requests: the client's own, or one that the server makes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import grpc
from structlog.contextvars import bound_contextvars

from pretzel.serving.errors import status_of

REQUEST_ID = "x-request-id"
"""Metadata of gRPC, and field of HTTP, with the identifier of a request."""
LONGEST = 200
_FORM = re.compile(rf"[!-~]{{1,{LONGEST}}}")
_SOURCE = random.Random()


def new_id() -> str:
    """Return an identifier that no other request has."""
    return f"{_SOURCE.getrandbits(64):016x}"


def usable(identifier: str | bytes | None) -> str:
    """Return a client's identifier, or a new one if it is missing or is not up to 200 visible ASCII characters."""
    text = identifier.decode("latin-1") if isinstance(identifier, bytes) else identifier
    return text if text and _FORM.fullmatch(text) else new_id()


def request_id_of(metadata: Iterable[tuple[str | bytes, str | bytes]] | None) -> str:
    """Return the identifier among the metadata of a call, or a new one."""
    for key, value in metadata or ():
        if key in (REQUEST_ID, b"x-request-id"):
            return usable(value)
    return new_id()


def identified(error: Exception, identifier: str) -> tuple[grpc.StatusCode, str, tuple[tuple[str, str | bytes], ...]]:
    """Return the code, the message and the metadata of an error; what is logged of it has the identifier too."""
    with bound_contextvars(request_id=identifier):
        status = status_of(error)
    return status.code, status.message, (*status.metadata, (REQUEST_ID, identifier))
