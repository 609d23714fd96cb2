"""Splits the memory budget of a serving process, and returns freed memory to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from pretzel.engine.fusion import BUDGET, FUSER


def _trim() -> Callable[[int], int] | None:
    """Return glibc's ``malloc_trim``, or None with another C library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_malloc_trim = _trim()


def for_plans(budget: int) -> int:
    """Give fused kernels an eighth of a process's budget, at most their default; return the rest."""
    FUSER.budget = min(BUDGET, budget // 8)
    return budget - FUSER.budget


def trim_heap() -> None:
    """Return free heap pages to the system, which the C library does on its own only for large blocks."""
    if _malloc_trim is not None:
        _malloc_trim(0)
