"""Work on threads of its own, for which a call waits until its deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from pretzel.errors import CancelledError, DeadlineError

Result = TypeVar("Result")
SLICE = 0.05
"""Seconds between looks whether the caller has cancelled."""


def begun(work: Callable[[], Result], name: str) -> Future[Result]:
    """Return the future of work on a thread of its own, which ends even if no call waits for it."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def awaited(future: Future[Result], deadline: float, token: Any, what: str) -> Result:
    """Return the result of a future; ``deadline`` is of the monotonic clock, or 0.

    Raises:
        DeadlineError, CancelledError: the call ended first.
    """
    while not future.done():
        left = deadline - time.monotonic() if deadline else SLICE
        if left <= 0:
            raise DeadlineError(f"the deadline passed while {what}; retry")
        wait([future], min(left, SLICE))
        if not future.done() and token is not None and getattr(token, "cancelled", False):
            raise CancelledError(f"the caller cancelled while {what}")
    return future.result()
