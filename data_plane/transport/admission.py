"""Admits calls of a connection while an overload lasts: some of each segment, and refuses the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pretzel.data_plane.transport import http2
from pretzel.data_plane.transport.gate import Gate
from pretzel.data_plane.transport.guard import Guard
from pretzel.data_plane.transport.refusing import REQUEST_ID
from pretzel.data_plane.transport.shedding import REFUSAL, Shedding, header_block

if TYPE_CHECKING:
    from pretzel.data_plane.transport.head import Head
    from pretzel.data_plane.transport.methods import Method
    from pretzel.data_plane.transport.sender import Sender

PIECE = 32
"""Most calls that are answered before the time is looked at."""
LARGE = 16 << 10
"""Bytes of a segment from which the time is looked at within it: it may have calls for a tenth of a second."""
LOOKS = 16
"""The part of its streams that a client uses in a segment for which it is asked what else came."""
NEARLY = 0.9
"""The part of its streams that a client uses if it has calls for all: some are on their way."""
SHORTEST = 1e-6
"""Seconds that pass at least, by a coarse clock."""
_BLOCK = header_block(REFUSAL)


class Admission:
    """The received bytes of one connection, until the engine takes them or their calls are refused."""

    def __init__(self, shedding: Shedding, sender: Sender, now: float) -> None:
        self._shedding, self._delay, self._sender = shedding, shedding.delay, sender
        self.gate, self._guard = Gate(_BLOCK), Guard()
        self.is_active = False
        """The present segment is passed on in pieces."""
        self.is_refusing = False
        """The predictions that are processed now are refused."""
        self._begun = self._arrived = now
        self._share, self._admitted = 0.0, 0
        self._size = self._open = 0
        self._method: Method | None = None

    def divides(self, data: bytes) -> bool:
        """Return whether calls of a segment may have to be refused."""
        return self._shedding.bound > 0 and (self._delay.overloaded or len(data) >= LARGE)

    def pass_on(self, data: bytes, calls: int) -> bytes:
        """Return a segment for the engine as a whole; ``calls`` are open already."""
        self.is_active, self.is_refusing, self._size = False, False, len(data)
        data = self.gate.pass_on(data)
        self._open = calls + self.gate.calls
        return self._guard.pass_on(data)

    def open(self, data: bytes, before: float, now: float, calls: int) -> None:
        """Begin a segment that came after ``before``; ``calls`` are open already."""
        self.is_active, self._begun, self._arrived = True, now, max(before, self._delay.since)
        self._size = len(data)
        self.gate.open(data)
        self._open = calls + self.gate.calls
        self._share = self._shedding.share(self._open)
        self._admitted = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield bytes for the engine: a few calls each while there is time, then what must not be refused."""
        while self.gate.has_more:
            now = time.monotonic()
            spent, overloaded = now - self._begun, self._delay.look(now)
            self.is_refusing = overloaded and (spent >= self._share or now - self._arrived > self._shedding.bound)
            yield self._guard.pass_on(self._rest() if self.is_refusing else self._next(spent, overloaded))

    def _rest(self) -> bytes:
        self._delay.refuses = True
        count, rest = self.gate.refuse(header_block(self._sender.pending))
        if count and self._method is not None:
            self._sender.note_sent()
            self._shedding.count(self._method, count)
        return rest

    def _next(self, spent: float, overloaded: bool) -> bytes:
        """Return as many calls as probably fit into the rest of the time; without an overload there is enough."""
        if not overloaded:
            return self.gate.take(PIECE)
        calls = int(self._admitted * (self._share - spent) / max(spent, SHORTEST)) if self._admitted else 1
        calls = max(1, min(PIECE, calls))
        self._admitted += calls
        return self.gate.take(calls)

    def look(self, unread: Callable[[], int]) -> None:
        """Note at the end of a segment, before its answers are sent, whether its client has used all its streams.

        The calls that came meanwhile were sent without those answers too.  ``unread`` returns their bytes, which wait
        in the kernel.
        """
        calls, most = self.gate.calls, NEARLY * self._shedding.streams
        if self._open >= most or (calls * LOOKS >= most and self._open + unread() * calls / self._size >= most):
            self._delay.crowds = True

    def learn(self, events: list[Any]) -> None:
        """Learn from the decoded calls of what was taken how those look that may be refused."""
        stream = self.gate.unknown_stream
        for event in reversed(events) if stream else ():
            if type(event) is http2.RequestReceived and event.stream_id == stream:
                self._learn(self._shedding.method_of(event.headers), [name for name, _ in event.headers])
                return

    def _learn(self, method: Method | None, names: list[bytes]) -> None:
        """Learn the last call, which is to this method; only the calls of one method are known at a time."""
        if method is None:
            return
        if method is not self._method:
            self.gate.forget()
            self._method = method
        self.gate.learn(names.index(REQUEST_ID) if REQUEST_ID in names else -1)

    def is_late(self, head: Head, method: Method) -> bool:
        """Return whether a call may have waited longer than its deadline allows, and count it then as refused."""
        passed = self._delay.overloaded and 0 < head.timeout < time.monotonic() - self._arrived
        late = method.is_prediction and passed
        if late:
            self._shedding.count(method)
        return late
