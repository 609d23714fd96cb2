"""Turns of threads at the interpreter."""

from __future__ import annotations

import sys

TURN_SECONDS = 0.0005
"""Time for which a thread may keep the GIL while others wait for it; Python's default is 5 ms."""


def take_short_turns() -> None:
    """Let the event loop wait little for threads that compute in Python, as those that load or compile plans.

    It needs the GIL again after each system call, several times for each request.
    """
    sys.setswitchinterval(TURN_SECONDS)
