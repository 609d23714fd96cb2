"""How long to wait before trying again; both planes and the command line use it."""

from __future__ import annotations

import random

FIRST, LONGEST = 0.1, 5.0


def delay(attempt: int, chance: float | None = None, longest: float = LONGEST) -> float:
    """Return the seconds to wait after failure ``attempt`` (0, 1, ...): doubling, bounded, and spread by half.

    The spread keeps workers that lost one control plane together from coming back to it together.
    """
    chance = random.random() if chance is None else chance
    full: float = min(longest, FIRST * 2.0 ** min(attempt, 16))
    return full * (0.5 + chance / 2)
