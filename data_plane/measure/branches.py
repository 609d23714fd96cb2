"""Counters of the versions of split aliases, by which a rollout compares them.

Only calls of a split alias are counted; no other call pays more than a comparison.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pretzel.data_plane.measure.faults import FAULTS
from pretzel.plan.durations import BUCKETS, bucket

MOST = 1000
"""Versions that a report has figures of."""


class Branch:
    """Counts the calls of one version.  For the thread of the event loop."""

    __slots__ = ("durations", "faults", "refusals")

    def __init__(self) -> None:
        """Start at zero."""
        self.durations = [0] * BUCKETS
        self.faults = self.refusals = 0

    def observe(self, seconds: float) -> None:
        """Count an answered call."""
        self.durations[bucket(seconds)] += 1

    def failed(self, error: BaseException) -> None:
        """Count a failed call: as a fault of the server or the model, or as refused; a cancelled call is neither."""
        if not isinstance(error, Exception):
            return
        if getattr(error, "code", "INTERNAL") in FAULTS:
            self.faults += 1
        else:
            self.refusals += 1


class Branches:
    """The counters of all versions of split aliases in this process; they live as long as it."""

    def __init__(self) -> None:
        """Start without any."""
        self._known: dict[tuple[str, int], Branch] = {}

    def of(self, model: str, version: int) -> Branch:
        """Return the counter of a version, which the caller may keep and update."""
        return self._known.setdefault((model, version), Branch())

    def snapshot(self) -> list[list[Any]]:
        """Return for each version the model, the version, faults, refusals and durations."""
        return [[*key, one.faults, one.refusals, *one.durations] for key, one in self._known.items()]


@contextmanager
def counted(branch: Branch | None, begun: float) -> Iterator[None]:
    """Count the block, which answers a call that began at a time of ``time.monotonic()``; not without a branch."""
    try:
        yield
    except BaseException as error:
        if branch is not None:
            branch.failed(error)
        raise
    if branch is not None:
        branch.observe(time.monotonic() - begun)


def merged(parts: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """Return the sum of the snapshots of several processes."""
    total: dict[tuple[str, int], Counter[int]] = {}
    for part in parts:
        for model, version, *numbers in part.get("branches", ()):
            total.setdefault((model, version), Counter()).update(dict(enumerate(numbers)))
    return [[*key, *(counts[i] for i in range(BUCKETS + 2))] for key, counts in total.items()]


class Reported:
    """The figures of a worker for its reports.

    The processes are asked, those that exited are remembered: a killed process loses what it counted since.
    """

    def __init__(self) -> None:
        """Start a counting, which ends with this process."""
        self.instance = uuid.uuid4().hex[:16]
        self._rows: list[list[Any]] = []

    def take(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Take the numbers of all processes, of exited ones too."""
        self._rows = merged(parts)

    def fields(self) -> dict[str, Any]:
        """Return the field of a report: the instance of the counting, and the rows; none if nothing was counted."""
        return {"figures": (self.instance, self._rows[-MOST:])} if self._rows else {}
