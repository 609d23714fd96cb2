"""Bound the work of one optimization by counting, not timing, so that every machine stops at the same step.

A unit is about a nanosecond.  The optimizer stops when the budget is spent: the result so far is correct but not the
best.
"""

from __future__ import annotations

BUDGET = 10_000_000_000
NODE = 5_000
"""Units to match one node against every rule, or to rebuild it."""
BYTE = 5
"""Units per byte of a parameter that a rule creates: to compute, pack and hash it."""
PRODUCT = 25
"""Units per multiplication in a matrix product that tracks its rounding errors."""


class Budget:
    """The remaining work."""

    def __init__(self, units: int = BUDGET) -> None:
        """Start with ``units``."""
        self.left = units

    @property
    def spent(self) -> bool:
        """True if nothing is left."""
        return self.left <= 0

    def affords(self, units: int) -> bool:
        """Take ``units`` if that many are left; return whether they were."""
        if units > self.left:
            return False
        self.left -= units
        return True

    def spend(self, units: int) -> None:
        """Take ``units``, even if fewer are left."""
        self.left -= units
