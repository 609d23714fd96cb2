"""Find the plan that kills the processes that run it though its objects are intact, and bar it for a while."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

SUSPICIONS = 2
"""Deaths of processes running a plan after which it is barred."""
FIRST, LONGEST = 60.0, 3600.0
"""Seconds of the first bar, and of the longest; each bar lasts twice as long as the last."""


class Blame:
    """Counts deaths by the plans that were running.

    A plan that ran next to the guilty one is suspected too, but less often: only plans that ran in every death since
    the last bar are barred.
    """

    def __init__(self) -> None:
        self._deaths = 0
        self._present: Counter[bytes] = Counter()
        self._times: Counter[bytes] = Counter()
        self.barred: dict[bytes, float] = {}
        """End of the bar of each plan, by its key."""

    def died(self, running: Collection[bytes], now: float) -> bool:
        """Record the plans that ran when a process died, and return whether that bars one."""
        self.barred = self._still_barred(now)
        if not running:
            return False
        self._deaths += 1
        self._present.update(running)
        guilty = [key for key, times in self._present.items() if times == self._deaths >= SUSPICIONS]
        if not guilty and self._deaths > SUSPICIONS:  # two causes at once: bar those that ran most often
            most = max(self._present.values())
            guilty = [key for key, times in self._present.items() if times == most >= SUSPICIONS]
        for key in guilty:
            self.barred[key] = now + min(FIRST * 2.0 ** self._times[key], LONGEST)
            self._times[key] += 1
        if guilty:
            self._deaths, self._present = 0, Counter()
        return bool(guilty)

    def _still_barred(self, now: float) -> dict[bytes, float]:
        return {key: until for key, until in self.barred.items() if until > now}
