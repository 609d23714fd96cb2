"""The delay of the event loop: how long received bytes waited before they are handled, and whether that lasts."""

from __future__ import annotations

import asyncio
import time

BRIEF = 0.001
"""Seconds of a round of the event loop that left nothing behind, unless it refused calls."""
REST = 0.01
"""Seconds without work after refused calls until which a brief round proves nothing: what waited was refused with them,
and the next calls of the same load take some rounds to queue again."""
PAUSE = 0.1
"""Seconds after a round with a crowd in which a brief round proves nothing: the next calls of the crowd are coming."""
INTERVAL = 0.1
"""Seconds without a brief round from which the load is an overload, and not a burst."""
ROUNDS = 3
"""Long rounds from which that is seen within a round; one that is long alone may be a pause of the machine."""
STEP = 0.025
"""Seconds between two looks within a round that may have been work; the rest of a longer time is such a pause."""


class Delay:
    """Measures the rounds of an event loop while there is work.

    A round polls the sockets once and handles what has come.  Bytes that are handled now came after the poll of the
    round before, for that emptied their socket: so the time since its beginning bounds their wait.
    """

    __slots__ = (
        "_arrivals",
        "_calm",
        "_crowd",
        "_long",
        "_looked",
        "_mark",
        "_measuring",
        "_rested",
        "_stopped",
        "_worked",
        "crowded",
        "crowds",
        "overloaded",
        "refuses",
        "segments",
        "since",
        "tasks",
    )

    def __init__(self) -> None:
        self.overloaded = False
        """Every round of the last :data:`INTERVAL` took long."""
        self.since = 0.0
        """Time after which the bytes that are handled now have arrived."""
        self.tasks = False
        """Work was left to the next round; set by those who do."""
        self.segments = 1
        """Segments that were handled in the last round."""
        self.crowded = False
        """A client had used all its streams in the last round, and probably queues more calls."""
        self.crowds = False
        """The same of the present round; set by those who see it."""
        self.refuses = False
        """Calls of the present round were refused; set by those who do.  That is why it may be brief."""
        self._arrivals = self._long = 0
        self._measuring = False
        self._mark = self._calm = self._crowd = 0.0
        self._looked = self._worked = self._stopped = 0.0
        self._rested = REST

    def arrive(self, now: float) -> None:
        """Note that received bytes are about to be handled."""
        self._arrivals += 1
        if not self._measuring:
            self._measuring = True
            self.since = self._mark = self._looked = now
            self._worked = 0.0
            self._rested += now - self._stopped
            if self._is_proof(now):
                self._calm, self._long, self.overloaded = now, 0, False
            asyncio.get_running_loop().call_soon(self._turn)
        else:
            self.look(now)

    def look(self, now: float) -> bool:
        """Return whether an overload lasts, in the midst of a round: it may be long, and its last calls are late."""
        self._worked += min(now - self._looked, STEP)
        self._looked = now
        if self._long >= ROUNDS:
            self.overloaded = now - self._calm > INTERVAL
        else:
            self.overloaded |= self._worked > INTERVAL
        return self.overloaded

    def _turn(self) -> None:
        """End a round, before the next poll."""
        now = time.monotonic()
        self.segments, self._arrivals = self._arrivals, 0
        if self.crowds:
            self._crowd = now
        self.crowded, self.crowds = self.crowds, False
        refuses, self.refuses = self.refuses, False
        if refuses:
            self._rested = 0.0
        if now - self._mark < BRIEF and not refuses:
            if self._is_proof(now):
                self._calm, self._long = now, 0
            if not self.tasks:
                self._measuring, self._stopped = False, now
                self.overloaded &= self._calm < now
                return
        self.tasks = False
        self._long += 1
        self.since, self._mark, self._looked, self._worked = self._mark, now, now, 0.0
        self.overloaded = now - self._calm > INTERVAL
        asyncio.get_running_loop().call_soon(self._turn)

    def _is_proof(self, now: float) -> bool:
        """Return whether a brief round shows that an overload is over."""
        return now - self._crowd > PAUSE and self._rested >= REST
