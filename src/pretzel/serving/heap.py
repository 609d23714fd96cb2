"""Returns freed memory to the system, and keeps objects that stay out of garbage collections."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable

_C = ctypes.CDLL(None)
_malloc_trim: Callable[[int], int] | None = getattr(_C, "malloc_trim", None)
_mallopt: Callable[[int, int], int] | None = getattr(_C, "mallopt", None)
"""Functions of glibc; None with another C library."""
_ARENA_MAX = -8
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
