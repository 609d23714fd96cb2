"""Returns freed memory to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable


def _trim() -> Callable[[int], int] | None:
    """Return glibc's ``malloc_trim``, or None with another C library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_malloc_trim = _trim()


def trim_heap() -> None:
    """Return free heap pages to the system, which the C library does on its own only for large blocks."""
    if _malloc_trim is not None:
        _malloc_trim(0)
