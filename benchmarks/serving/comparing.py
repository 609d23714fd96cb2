"""Compare two measurements in turn, in several rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks.harness import Row

ROUNDS = 3
Rate = Callable[[], float]
"""Returns calls per second."""


def compare(name: str, rival: str, ours: Rate, theirs: Rate, rows: int = 1) -> Row:
    """Return the medians over rounds; each round measures both."""
    pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
    ratios = sorted(mine / other for mine, other in pairs)
    mine, other = (1e6 / rows / statistics.median(side) for side in zip(*pairs, strict=True))
    return Row(name, rival, rows, mine, other, statistics.median(ratios), ratios[0], ratios[-1])
