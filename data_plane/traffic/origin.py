"""The present call as routing sees it: the key that the caller gave, and the point that the call drew."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Protocol

ROUTE_KEY = "pretzel-route-key"
"""Metadata of gRPC, and field of HTTP: calls with the same key go to the same version of a split alias."""
_FIELDS = (ROUTE_KEY, ROUTE_KEY.encode())


class Origin(Protocol):
    """A call, as its front knows it.  Its attribute ``point`` is set once the call is routed."""

    def route_key(self) -> bytes | None:
        """Return the key by which the caller wants to be routed; None for none."""


ORIGIN: ContextVar[Origin | None] = ContextVar("pretzel_origin", default=None)
"""The present call on the ordinary path; None outside of calls."""


class MetadataOrigin:
    """A call whose front has only its metadata."""

    __slots__ = ("_context", "point")

    def __init__(self, context: Any) -> None:
        """Read the metadata of a context when they are asked for."""
        self._context = context

    def route_key(self) -> bytes | None:
        """Return the key among the metadata."""
        return key_in(self._context.invocation_metadata() or ())


def origin_of(context: Any) -> Origin:
    """Return the origin of a call of either front."""
    origin: Origin | None = getattr(context, "origin", None)
    return MetadataOrigin(context) if origin is None else origin


def key_in(fields: Iterable[tuple[Any, Any]]) -> bytes | None:
    """Return the key among the fields of a call; None if it is absent or empty."""
    for name, value in fields:
        if name in _FIELDS:
            return (value if isinstance(value, bytes) else str(value).encode()) or None
    return None
