"""Returns freed memory to the system, and keeps objects that stay out of garbage collections."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable


def _trim() -> Callable[[int], int] | None:
    """Return glibc's ``malloc_trim``, or None with another C library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_malloc_trim = _trim()


def trim_heap() -> None:
    """Return free heap pages to the system, which the C library does on its own only for large blocks."""
    if _malloc_trim is not None:
        _malloc_trim(0)


def settle() -> None:
    """Exclude the present objects from later garbage collections, whose pauses are in proportion to all they look at.

    Reference counts still free these objects, but not cycles of them.
    """
    gc.collect()
    gc.freeze()
