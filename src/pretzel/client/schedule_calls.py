"""The calls about scheduled changes of the blocking client of a control plane."""

from __future__ import annotations

from pretzel.client import schedule
from pretzel.client.connection import Connection
from pretzel.client.repeating import Repeater
from pretzel.client.schedule import Later, ScheduledChange, Time, When


class ScheduleCalls(Connection):
    """The part of a client about scheduled changes."""

    _repeater: Repeater

    def later(self, at: Time, *, not_after: Time | None = None, note: str = "") -> Later[ScheduledChange]:
        """Return the changes that can be made at a time: ``plane.later(at=time).alias("churn", "stable", 2)``.

        Each schedules its change once, and returns it.  The identity of this client needs the role of the change now
        and then; the terms are checked then.

        Args:
            at: seconds since the epoch, or a date.
            not_after: the change lapses if no control plane could make it until then; None: it is made however late.
            note: for people.
        """
        return Later(self._run, self._repeater, When(at, not_after, note))

    def schedule(
        self, *, waiting: bool = False, most: int = 100, timeout: float | None = None
    ) -> list[ScheduledChange]:
        """Return scheduled changes and what became of them, newest first; ``waiting``: only those that wait."""
        return self._run(schedule.listed(self._repeater, waiting, most), timeout)

    def unschedule(self, id: int, *, timeout: float | None = None) -> ScheduledChange:
        """Cancel a change that waits, and return it."""
        return self._run(schedule.cancel(self._repeater, id), timeout)
