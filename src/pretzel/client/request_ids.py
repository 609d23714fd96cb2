"""Metadata that a caller gives to its requests: an identifier, and the key by which a version is chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pretzel.errors import InputError, PretzelError

REQUEST_ID, ROUTE_KEY = "x-request-id", "pretzel-route-key"
_FORM = re.compile(r"[!-~]{1,200}")
Pairs = tuple[tuple[str, str], ...]

METADATA: ContextVar[Pairs | None] = ContextVar("pretzel_metadata", default=None)
"""Metadata of the present context's calls."""


@contextmanager
def request_id(identifier: str) -> Iterator[None]:
    """Send an identifier with all calls in this block, as the metadata ``x-request-id``.

    Raises:
        InputError: it is not 1 to 200 visible ASCII characters.
    """
    if not _FORM.fullmatch(identifier):
        raise InputError(f"request id {identifier[:40]!r}: expected 1 to 200 visible ASCII characters")
    with _sending(REQUEST_ID, identifier):
        yield


@contextmanager
def route_key(key: str) -> Iterator[None]:
    """Send a key with all calls in this block, as the metadata ``pretzel-route-key``.

    Where the calls of an alias are split over versions, those with the same key take the same version.

    Raises:
        InputError: it is not 1 to 200 visible ASCII characters.
    """
    if not _FORM.fullmatch(key):
        raise InputError(f"route key {key[:40]!r}: expected 1 to 200 visible ASCII characters; send a hash of it")
    with _sending(ROUTE_KEY, key):
        yield


@contextmanager
def _sending(name: str, value: str) -> Iterator[None]:
    others = tuple(pair for pair in METADATA.get() or () if pair[0] != name)
    token = METADATA.set((*others, (name, value)))
    try:
        yield
    finally:
        METADATA.reset(token)


def identify(failure: PretzelError, error: Any) -> None:
    """Give an error the identifier of its request, which the server sent, and show it in tracebacks."""
    identifier = str(dict(error.trailing_metadata() or ()).get(REQUEST_ID, ""))
    if identifier:
        failure.request_id = identifier
        failure.add_note(f"request id: {identifier}")
