"""Forwards findings of the puller to the serving processes and to the control plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pretzel.data_plane.supervise.fleet import Fleet
from pretzel.plan.digest import Digest


class Announcer:
    """Announces models that are held back, and objects that left the cache."""

    def __init__(self, fleet: Fleet, report: Callable[[], None]) -> None:
        """Announce to a fleet; ``report`` triggers the next report to the control plane."""
        self._fleet, self._report = fleet, report
        self._reasons: Mapping[str, str] = {}

    def held(self, reasons: Mapping[str, str]) -> None:
        """Announce why existing models are not served, and report it."""
        if reasons != self._reasons:
            self._reasons = reasons
            self._fleet.announce("held", reasons=list(reasons.items()))
            self._report()

    def collected(self, gone: Sequence[Digest]) -> None:
        """Make the processes release collected objects: their space is free only when no process maps them."""
        if gone:
            self._fleet.broadcast("collected", objects=[str(digest) for digest in gone])
