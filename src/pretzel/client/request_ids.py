"""Identifiers that a caller gives to its requests; servers show them in errors, logs and traces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pretzel.errors import InputError, PretzelError

REQUEST_ID = "x-request-id"
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
    token = METADATA.set(((REQUEST_ID, identifier),))
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
