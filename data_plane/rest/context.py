"""The context in which the protocol's service answers a request over HTTP."""

from __future__ import annotations

import math
import time
from typing import Any

from pretzel.data_plane.rest.http.messages import Request
from pretzel.data_plane.rest.statuses import HttpError


class Until:
    """A deadline in the place of a `grpc.ServicerContext`, of which the service needs no more."""

    def __init__(self, deadline: float) -> None:
        """Expire at a time of ``time.monotonic()``, 0 for never."""
        self._deadline = deadline

    def time_remaining(self) -> float | None:
        """Return the seconds that are left, or None without a deadline."""
        return max(0.0, self._deadline - time.monotonic()) if self._deadline else None

    def invocation_metadata(self) -> tuple[()]:
        """Return nothing: no method reads header fields."""
        return ()


FOREVER: Any = Until(0.0)


def deadline_of(request: Request) -> float:
    """Return the time at which a request expires by its field ``timeout``, in seconds; 0 without one.

    Raises:
        HttpError: it is not a positive number.
    """
    text = request.headers.get(b"timeout")
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        shown = text[:40].decode("latin-1")
        raise HttpError(400, f"header field timeout: expected a positive number of seconds, got {shown!r}")
    return request.arrived + seconds
