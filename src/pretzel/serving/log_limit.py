"""Limits log lines that peers cause: a few of each kind at once, then one a second, with a count of the others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

BURST = 20
"""Lines of one kind that are written at once."""
SECONDS = 1.0
"""Time after which one more line of a kind is written."""
KINDS = 256
"""Kinds with separate counts; further ones share one."""
SETTLED_SECONDS = 10.0
"""Time after which a count of suppressed lines is written although no line of its kind follows."""


@dataclass(slots=True)
class _Kind:
    room: float
    since: float
    suppressed: int = 0
    is_due: bool = False
    """A line with the count is scheduled."""
    write: Callable[..., object] = lambda **fields: None
    """Writes a line with the count."""


class LogLimit:
    """Writes log lines within a rate per kind.  Safe for several threads."""

    def __init__(self, burst: int = BURST, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic):
        """Write up to ``burst`` lines of a kind at once, and one more every ``seconds``."""
        self._burst, self._seconds, self._clock = burst, seconds, clock
        self._kinds: dict[Hashable, _Kind] = {}
        self._lock = threading.Lock()

    def write(self, report: Callable[..., object], event: str, *, kind: Hashable = None, **fields: object) -> bool:
        """Write a line by ``report(event, **fields)``, or count it; return whether it was written.

        A line that follows suppressed ones has their number as ``suppressed``.

        Args:
            report: a method of a logger, such as ``log.info``.
            event: the line's event.
            kind: lines of one kind share a rate; by default those of one event.
            fields: the line's other fields.
        """
        key = event if kind is None else kind
        with self._lock:
            of_kind = self._of(key)
            if of_kind.room < 1:
                of_kind.suppressed += 1
                of_kind.write = partial(report, event)
                self._write_count_later(of_kind)
                return False
            of_kind.room -= 1
            suppressed, of_kind.suppressed = of_kind.suppressed, 0
        report(event, **fields, **({"suppressed": suppressed} if suppressed else {}))
        return True

    def _of(self, key: Hashable) -> _Kind:
        now = self._clock()
        if key not in self._kinds and len(self._kinds) >= KINDS:
            self._forget_settled(now)
            key = key if len(self._kinds) < KINDS else None
        of_kind = self._kinds.setdefault(key, _Kind(self._burst, now))
        of_kind.room = min(self._burst, of_kind.room + (now - of_kind.since) / self._seconds)
        of_kind.since = now
        return of_kind

    def _forget_settled(self, now: float) -> None:
        full = self._burst * self._seconds
        self._kinds = {key: k for key, k in self._kinds.items() if k.suppressed or now - k.since < full}

    def settle(self) -> None:
        """Write the counts of suppressed lines now, before the program ends."""
        for of_kind in list(self._kinds.values()):
            self._write_count(of_kind)

    def _write_count_later(self, of_kind: _Kind) -> None:
        """Make sure that a flood that ends leaves its count in the log; without an event loop the next line has it."""
        if of_kind.is_due:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        of_kind.is_due = True
        loop.call_later(SETTLED_SECONDS, self._write_count, of_kind)

    def _write_count(self, of_kind: _Kind) -> None:
        with self._lock:
            suppressed, of_kind.suppressed, of_kind.is_due = of_kind.suppressed, 0, False
        if suppressed:
            of_kind.write(suppressed=suppressed)


REFUSED = LogLimit()
"""The limit of lines about refused calls and peers, shared by the whole process."""
