"""Delays between retries, for both planes and the command line."""

from __future__ import annotations

import random

FIRST, LONGEST = 0.1, 5.0


def delay(attempt: int, chance: float | None = None, longest: float = LONGEST) -> float:
    """Return the seconds to wait after failure ``attempt`` (0, 1, ...): doubling, bounded, and spread by half.

    The spread keeps workers that lost a control plane together from reconnecting together.
    """
    chance = random.random() if chance is None else chance
    full: float = min(longest, FIRST * 2.0 ** min(attempt, 16))
    return full * (0.5 + chance / 2)
