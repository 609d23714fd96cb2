"""Seconds per row of a plan by the rows of a run, which decide whether waiting requests pay as one run."""

from __future__ import annotations

from collections.abc import Sequence

GAIN = 0.8
"""A run of several requests pays if it takes at most this part of their own runs."""
RETRY = 64
"""Chances of which one is decided the other way, because the costs of the way not taken change unseen."""
WAY = 60e-6
"""Seconds of processor time for the way of a request from the event loop to a thread and back, if it goes with others.

Alone it takes 85 us.  A request that may run on the event loop must save more than that in a common run.
"""
TRIAL = 512
"""Requests that meet on a thread although no run of several was worth the way meanwhile.

More than callers have calls open at once: all may arrive before the first run of several.
"""
PAUSE, LONGEST_PAUSE = 4096, 1 << 17
"""Requests that stay on the event loop after a trial: twice as many after each that found nothing, up to a bound."""
GROUP = 8
"""Rows that kernels process together; rows over a multiple of it may be as expensive as single ones."""
_CLASSES = 11  # 1, 2, 4, 8, 16, ... 64 and more
_WEIGHT = 0.25
_SETTLED = 3  # measurements of which the least counts: the first runs of a size touch new memory


class RowCosts:
    """Measured seconds per row, by classes of the rows of a run: 1, 2, 4, and multiples of 8.

    A run of several requests counts here as one of all their rows, and nowhere else: it must not make single runs look
    cheap.
    """

    __slots__ = ("_chances", "_pause", "_runs", "_seconds", "_trial")

    def __init__(self) -> None:
        self._seconds = [0.0] * _CLASSES
        self._runs = [0] * _CLASSES
        self._chances = [0] * _CLASSES
        self._trial, self._pause = TRIAL, PAUSE

    def learn(self, rows: int, seconds: float) -> None:
        """Record a run."""
        size, seen = _class(rows), seconds / max(rows, 1)
        self._runs[size] += 1
        known = self._seconds[size]
        if self._runs[size] <= _SETTLED:
            self._seconds[size] = min(seen, known or seen)
        else:
            self._seconds[size] = known + _WEIGHT * (seen - known)

    def expected(self, rows: int) -> float:
        """Return the seconds expected for a run, by runs of as many rows or fewer; 0 if there were none."""
        for size in range(_class(rows), -1, -1):
            if self._runs[size]:
                return rows * self._seconds[size]
        return 0.0

    def pays(self, parts: Sequence[int]) -> bool:
        """Return whether one run is expected to be cheaper than a run for each of these numbers of rows.

        It is if that was hardly tried yet, and their own runs were measured.
        """
        together = sum(parts)
        size = _class(together)
        if not all(self._runs[_class(rows)] for rows in parts):
            return False
        tries, saved = self._runs[size] < _SETTLED, sum(map(self.expected, parts)) - self.expected(together)
        pays = tries or self.expected(together) <= GAIN * sum(map(self.expected, parts))
        if tries or saved >= WAY * len(parts):
            self._trial, self._pause = TRIAL, PAUSE
        self._chances[size] = (self._chances[size] + 1) % RETRY
        return pays != (self._chances[size] == 0)

    @property
    def promises(self) -> bool:
        """True if a request should meet others on a thread: that was worth the way lately, or is tried.

        Each look counts.
        """
        self._trial -= 1
        if self._trial < -self._pause:
            self._trial, self._pause = TRIAL - 1, min(2 * self._pause, LONGEST_PAUSE)
        return self._trial >= 0

    def ratio(self, rows: int) -> float:
        """Return the part of their own runs that one run of many requests takes; 1 if that does not pay."""
        own = next((seconds for seconds, runs in zip(self._seconds, self._runs, strict=True) if runs), 0.0)
        ratio = self.expected(rows) / (own * rows) if own else 1.0
        return ratio if ratio <= GAIN else 1.0


def rounded(rows: int) -> int:
    """Return the largest number that begins a class, up to ``rows``."""
    return rows // GROUP * GROUP if rows >= GROUP else 1 << (rows.bit_length() - 1)


def _class(rows: int) -> int:
    if rows >= GROUP:
        return min(2 + rows // GROUP, _CLASSES - 1)
    return max(rows, 1).bit_length() - 1
