"""Bound the memory of a request: reject it by size before it runs, and limit what a run allocates."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from pretzel.data_plane.scheduling.policy import Limits
from pretzel.engine.footprint import Need
from pretzel.errors import ExhaustedError

Reject = Callable[[str, str], NoReturn]
"""Called with the reason under which the rejection is counted, and the message."""


def too_large(size: int, most: int) -> ExhaustedError:
    """Return the error for a response that is too large."""
    return ExhaustedError(
        f"the response takes {size} bytes, {most} allowed (max_message_bytes); send fewer rows or ask for fewer outputs"
    )


def allowed(need: Need, size: int, rows: int, limits: Limits, threads: int, reject: Reject) -> int:
    """Return the bytes that a run may allocate beyond dense numbers; 0 if its plan allocates nothing else.

    ``size`` is the bytes of the request's columns.  A run whose need is an estimate may take the share of one thread.
    """
    if need.answer > limits.answer:
        reject(
            "answer_bytes",
            f"the response takes {need.answer} bytes for {rows} rows, {limits.answer} allowed (max_message_bytes); "
            "send fewer rows or ask for fewer outputs",
        )
    total = need.total(size)
    if total > limits.memory:
        reject(
            "memory",
            f"the request takes about {total} bytes for {rows} rows, {limits.memory} allowed (request_memory_bytes); "
            "send fewer rows or ask for fewer outputs",
        )
    if need.exact:
        return 0
    return max(2 * need.frame, limits.memory // (threads + 1))
