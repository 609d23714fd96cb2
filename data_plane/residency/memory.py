"""What the memory of a serving process is for, and how what was freed goes back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from pretzel.engine.fusion import BUDGET, FUSER


def _trim() -> Callable[[int], int] | None:
    """Return glibc's ``malloc_trim``, or None with another C library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_malloc_trim = _trim()


def for_plans(budget: int) -> int:
    """Let fused kernels hold an eighth of a process's budget, their default at most; return the rest."""
    FUSER.budget = min(BUDGET, budget // 8)
    return budget - FUSER.budget


def trim_heap() -> None:
    """Return free pages of the heap to the system, which the C library does by itself only for large pieces."""
    if _malloc_trim is not None:
        _malloc_trim(0)
