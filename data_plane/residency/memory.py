"""Splits the memory budget of a serving process."""

from __future__ import annotations

from pretzel.engine.fusion import BUDGET, FUSER


def for_plans(budget: int) -> int:
    """Give fused kernels an eighth of a process's budget, at most their default; return the rest."""
    FUSER.budget = min(BUDGET, budget // 8)
    return budget - FUSER.budget
