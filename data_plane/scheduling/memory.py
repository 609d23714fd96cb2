"""What a request may allocate: refused by its size before it runs, and bounded while it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from pretzel.data_plane.scheduling.policy import Limits
from pretzel.engine.footprint import Need

Reject = Callable[[str, str], NoReturn]
"""Takes the reason by which rejections are counted, and the message."""


def allowed(need: Need, size: int, rows: int, limits: Limits, threads: int, reject: Reject) -> int:
    """Return the bytes that a run may allocate beyond dense numbers, 0 where its plan writes nothing else.

    ``size``: bytes of the request's columns.  A run whose need is an estimate may take the share of one thread.
    """
    if need.answer > limits.answer:
        reject(
            "answer_bytes",
            f"the answer takes {need.answer} bytes for {rows} rows, {limits.answer} allowed (max_message_bytes); "
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
