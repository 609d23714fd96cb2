"""The work of this process for its clients: its processor time without what it spends while no one calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.measure.faults import FAULTS
from pretzel.data_plane.measure.figures import Done

MOST_IDLE = 0.02
"""Largest part of a core that counts as idle work: a process that loads models before its first call uses more."""
LEARNING = 0.1


class Sources(NamedTuple):
    """The sources of the figures, except for the counters; each is a function."""

    running: Callable[[], int]
    """Returns the calls being answered."""
    queued: Callable[[], int]
    """Returns the requests that wait for executors or run on them."""
    polled: Callable[[], float]
    """Returns the seconds for which the event loop stayed awake without work."""
    python: Callable[[], float]
    """Returns the seconds of calls of Python stages."""


class Spent:
    """Processor time, without that of an idle process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.seconds = 0.0
        self._clock, self._read, self._idle = clock, clock(), MOST_IDLE

    def add(self, elapsed: float, polled: float, *, in_use: bool) -> None:
        """Count the time since the last call of this; learn from it what an idle process takes, if it was not used."""
        before, self._read = self._read, self._clock()
        spent = max(self._read - before - polled, 0.0)
        if in_use:
            self.seconds += max(spent - self._idle * elapsed, 0.0)
        elif elapsed > 0:
            share = min(spent / elapsed, MOST_IDLE)
            self._idle = min(share, self._idle + LEARNING * (share - self._idle))


class Work:
    """Samples the work of this process.  For the thread of the event loop."""

    def __init__(self, tally: Tally, sources: Sources) -> None:
        self._tally, self._sources = tally, sources
        self._processor, self._loop = Spent(time.process_time), Spent(time.thread_time)
        self._sampled, self._polled = time.monotonic(), 0.0
        self.done = Done()

    def sample(self, now: float) -> bool:
        """Update :attr:`done`; return whether this process was in use since the last sample."""
        sources, errors = self._sources, self._tally.errors
        calls = self._tally.answered + sum(errors.values())
        in_use = calls != self.done.calls or sources.running() > 0
        elapsed, self._sampled = now - self._sampled, now
        before, self._polled = self._polled, sources.polled()
        for spent in (self._processor, self._loop):
            spent.add(elapsed, self._polled - before, in_use=in_use)
        faults = sum(count for (_, _, code), count in errors.items() if code in FAULTS)
        self.done = Done(self._processor.seconds, self._loop.seconds, sources.python(), calls, faults, sources.queued())
        return in_use
