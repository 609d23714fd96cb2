"""What the puller finds out, told to the serving processes and to the control plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pretzel.data_plane.supervise.fleet import Fleet
from pretzel.plan.digest import Digest


class Announcer:
    """Tells what is held back, and what left the cache."""

    def __init__(self, fleet: Fleet, report: Callable[[], None]) -> None:
        """Speak to a fleet; ``report`` makes the next report to the control plane come at once."""
        self._fleet, self._report = fleet, report
        self._reasons: Mapping[str, str] = {}

    def held(self, reasons: Mapping[str, str]) -> None:
        """Have the processes say why they do not serve a model that exists, and report it."""
        if reasons != self._reasons:
            self._reasons = reasons
            self._fleet.announce("held", reasons=list(reasons.items()))
            self._report()

    def collected(self, gone: Sequence[Digest]) -> None:
        """Have the processes let go of what left the cache: its space is free only when nobody has it mapped."""
        if gone:
            self._fleet.tell("collected", objects=[str(digest) for digest in gone])
