"""Returns freed memory to the system, and keeps objects that stay out of garbage collections."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable

_C = ctypes.CDLL(None)
_malloc_trim: Callable[[int], int] | None = getattr(_C, "malloc_trim", None)
_mallopt: Callable[[int, int], int] | None = getattr(_C, "mallopt", None)
"""Functions of glibc; None with another C library."""
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_LARGE = 128 << 10
"""Bytes of a block that has pages of its own: the C library's own first value."""
_RARE = 1000
"""Collections of the middle generation before a full one, where those wait for :func:`collect_if_due`."""
_DUE = 10
"""Collections of the middle generation after which a full one is due: Python's default."""


def share_heap() -> None:
    """Let all threads allocate from one heap: each of their own keeps some MiB of what passed through it.

    Call it before threads are started.  For processes whose threads allocate while they hold the GIL: kernels run
    without it, and allocate only when a frame grows.
    """
    if _mallopt is not None:
        _mallopt(_ARENA_MAX, 1)


def return_large_blocks() -> None:
    """Return the pages of each large block as soon as it is freed.

    The C library raises its limit to the largest block freed so far; smaller ones then leave holes in the heap.
    """
    if _mallopt is not None:
        _mallopt(_MMAP_THRESHOLD, _LARGE)


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


def defer_full_collections() -> None:
    """Leave full collections to :func:`collect_if_due`: one holds the GIL for as long as it takes to visit all objects.

    Without such calls they still come, a hundred times less often than by default.
    """
    youngest, middle, _ = gc.get_threshold()
    gc.set_threshold(youngest, middle, _RARE)


def collect_if_due() -> None:
    """Run a full collection if enough objects were made since the last one."""
    if gc.get_count()[2] >= _DUE:
        gc.collect()
