"""Gives freed memory back to the system, which the C library does by itself only for large pieces."""

from __future__ import annotations

import ctypes
from collections.abc import Callable


def _trim() -> Callable[[int], int] | None:
    """Return glibc's ``malloc_trim``, or None with another C library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_malloc_trim = _trim()


def give_back() -> None:
    """Return free pages of the heap to the system."""
    if _malloc_trim is not None:
        _malloc_trim(0)
