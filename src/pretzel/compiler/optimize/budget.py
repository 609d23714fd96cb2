"""How much work one optimization may take, counted and not timed, so that every machine stops at the same step.

A unit is about a nanosecond.  Where the budget ends the optimizer stops: what it has is right, only not the best.
"""

from __future__ import annotations

BUDGET = 10_000_000_000
NODE = 5_000
"""Units to look at one node once with every rule, or to build it anew."""
BYTE = 5
"""Units a byte of a parameter that a rule makes: computed, packed and hashed."""
PRODUCT = 25
"""Units a multiplication of a product of matrices that carries its errors along."""


class Budget:
    """Work that is left."""

    def __init__(self, units: int = BUDGET) -> None:
        """Begin with so many units."""
        self.left = units

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0

    def affords(self, units: int) -> bool:
        """Take ``units`` if there are so many left, and say whether there were."""
        if units > self.left:
            return False
        self.left -= units
        return True

    def spend(self, units: int) -> None:
        """Take ``units``, which were used whether or not they were left."""
        self.left -= units
