"""The time by which leases end: the wall clock at the start of this process, then one that does not jump."""

from __future__ import annotations

import time

_START = time.time() - time.monotonic()


def now() -> float:
    """Return the seconds since 1970, as if the clock had not been set since the start."""
    return _START + time.monotonic()
