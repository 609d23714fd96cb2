"""Ratio of wall-clock time to expected cost of runs: more than one where cores are shared."""

from __future__ import annotations

KEPT = 0.9
LEAST, MOST = 0.2, 20.0


class Pace:
    """The ratio of time to expected cost over recent runs, weighted by their length."""

    def __init__(self) -> None:
        self._expected = self._taken = 0.0

    def learn(self, expected: float, taken: float) -> None:
        """Record one run."""
        self._expected = KEPT * self._expected + expected
        self._taken = KEPT * self._taken + taken

    def seconds(self, expected: float) -> float:
        """Return the wall-clock seconds for an expected cost."""
        if not self._expected:
            return expected
        return expected * min(MOST, max(LEAST, self._taken / self._expected))
