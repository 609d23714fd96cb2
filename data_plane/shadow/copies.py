"""The copies of calls that wait for shadows: a bounded queue that refuses what it has no room for."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.scheduling.cost import size_of
from pretzel.data_plane.traffic.fork import Sample
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.engine import Executable
from pretzel.plan.model import Shadow
from pretzel.plan.shadows import ShadowFigures

MOST_FIGURES = 256
"""Pairs of a shadow and a version whose figures are kept in a process; those that were made first are dropped."""
OF_COPY = 500
"""Bytes of a copy besides its values; measured."""
_COUNTS = ("calls", "dropped", "failures", "rows", "disagreeing")


@dataclass(frozen=True, slots=True)
class Values:
    """A call and its answer as values."""

    columns: Mapping[str, Any]
    outputs: tuple[str, ...]
    """The requested outputs; none if the call asked for the usual ones."""
    results: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A call and its answer as the bytes of their messages."""

    call: bytes
    answer: bytes
    streamed: bool


class Part(Protocol):
    """A part of a call that is copied."""

    def values(self) -> Values:
        """Return the call and its answer as values."""
        ...


class Held:
    """The memory that one copy, or several of one call, keep: it counts once, until the last of them is taken."""

    __slots__ = ("bytes", "waiting")

    def __init__(self, size: int) -> None:
        """Hold so many bytes."""
        self.bytes, self.waiting = size, 0


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that waits."""

    copier: Copier
    content: Values | Message | Part
    held: Held


class Copies:
    """The queue of one process, and the figures of its shadows.  Safe to call from any thread."""

    def __init__(self, most_calls: int, most_bytes: int) -> None:
        """Keep at most so many copies, with so many bytes."""
        self._most_calls, self._most_bytes = most_calls, most_bytes
        self.lock = threading.Lock()
        """Held while figures are changed or read."""
        self._waiting: deque[Copy] = deque()
        self._bytes = 0
        self._some = threading.Event()
        self._figures: OrderedDict[tuple[str, str, int, int, int], ShadowFigures] = OrderedDict()
        self._totals = dict.fromkeys(_COUNTS, 0)
        """Counts of figures that were dropped."""

    def copier(self, model: str, alias: str, shadow: Shadow, against: int, entry: Entry) -> Copier | None:
        """Return what copies the calls that a version answers; None if the version is the shadow itself."""
        if against == shadow.version:
            return None
        figures = ShadowFigures(model, alias, shadow.version, shadow.id, against)
        with self.lock:
            figures = self._figures.setdefault(figures.key, figures)
            if len(self._figures) > MOST_FIGURES:
                _, old = self._figures.popitem(last=False)
                self._totals = {name: count + getattr(old, name) for name, count in self._totals.items()}
        return Copier(self, figures, Sample(f"{model}:{alias}", shadow.slots), entry)

    def add(self, copy: Copy) -> None:
        """Let a copy wait, or drop it if the queue is full."""
        with self.lock:
            figures = copy.copier.figures
            figures.calls += 1
            held = copy.held
            more = 0 if held.waiting else held.bytes
            if len(self._waiting) >= self._most_calls or self._bytes + more > self._most_bytes:
                figures.dropped += 1
                return
            self._waiting.append(copy)
            held.waiting += 1
            self._bytes += more
        if not self._some.is_set():
            self._some.set()

    def take(self, most: int, seconds: float) -> list[Copy]:
        """Return the oldest copies that are for one shadow, after at most so many seconds."""
        self._some.wait(seconds)
        taken: list[Copy] = []
        with self.lock:
            while self._waiting and len(taken) < most and self._waiting[0].copier is (taken or self._waiting)[0].copier:
                taken.append(self._waiting.popleft())
                held = taken[-1].held
                held.waiting -= 1
                self._bytes -= 0 if held.waiting else held.bytes
            if not self._waiting:
                self._some.clear()
        return taken

    def drop(self, copies: Sequence[Copy]) -> None:
        """Count copies that were taken as dropped."""
        with self.lock:
            for copy in copies:
                copy.copier.figures.dropped += 1

    def figures(self) -> list[ShadowFigures]:
        """Return a snapshot of the figures so far."""
        with self.lock:
            return [_snapshot(one) for one in self._figures.values() if one.calls]

    def counts(self) -> dict[str, int]:
        """Return the totals of all shadows, for metrics."""
        with self.lock:
            kept = list(self._figures.values())
            sums = {name: sum(getattr(one, name) for one in kept) for name in _COUNTS}
            return {f"shadow_{name}": count + self._totals[name] for name, count in sums.items()}


class Copier:
    """Makes copies of the calls of an alias that one version answers."""

    __slots__ = ("copies", "entry", "figures", "sample")

    def __init__(self, copies: Copies, figures: ShadowFigures, sample: Sample, entry: Entry) -> None:
        """Put copies into a queue; ``entry`` is the plan of the shadow."""
        self.copies, self.figures, self.sample, self.entry = copies, figures, sample, entry

    def copy_message(self, call: bytes, answer: bytes, streamed: bool) -> None:
        """Copy a call by the bytes of its messages, which are kept by reference."""
        size = len(call) + len(answer) + OF_COPY
        self.copies.add(Copy(self, Message(call, answer, streamed), Held(size)))

    def copy_values(
        self, columns: Mapping[str, Any], outputs: Sequence[str] | None, results: Mapping[str, Any]
    ) -> None:
        """Copy a call by its values; arrays are copied, since callers may share their memory."""
        columns = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in columns.items()}
        size = size_of(columns) + size_of(results) + OF_COPY
        self.copies.add(Copy(self, Values(columns, tuple(outputs or ()), dict(results)), Held(size)))


def shadowed(executable: Executable, copier: Copier | None) -> Executable:
    """Return an executable that copies its run, if the present call is drawn for a shadow."""
    if copier is None or not copier.sample.has(ORIGIN.get()):
        return executable
    return cast(Executable, _Copied(executable, copier))


class _Copied:
    """An executable whose run is copied; it takes the place of another where that runs once."""

    def __init__(self, executable: Executable, copier: Copier) -> None:
        self._executable, self._copier = executable, copier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executable, name)

    def run(self, columns: Mapping[str, Any], outputs: Sequence[str] | None = None, **options: Any) -> Any:
        """Run as :meth:`Executable.run`."""
        results = self._executable.run(columns, outputs, **options)
        self._copier.copy_values(columns, outputs, results)
        return results


def _snapshot(figures: ShadowFigures) -> ShadowFigures:
    snapshot = figures.empty()
    snapshot.add(figures)
    return snapshot
