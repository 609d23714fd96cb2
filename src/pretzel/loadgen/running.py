"""Runs: an open loop that sends each call when it is due, and a closed loop of callers."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from pretzel.loadgen.alarm import Alarm
from pretzel.loadgen.calls import DEADLINE, Call, Transport
from pretzel.loadgen.schedule import Blocks, Load
from pretzel.loadgen.tally import Tally

_SWEEP_SECONDS = 0.05
_GRACE_SECONDS = 1.0
"""Time that a transport gets to end calls after their deadline."""
_IN_A_ROW = 64
"""Calls that are sent before answers are read again: an answer that waits would look like a slow server."""
_PAUSE_SECONDS = 0.01
"""Pause of a caller after a failure."""
_clock = time.perf_counter


def _ignore(*_: object) -> None:
    """Ignore calls that end with their connection, after the run."""


class Run:
    """One run over an open transport."""

    def __init__(self, load: Load, transport: Transport, tally: Tally) -> None:
        self.load, self.tally = load, tally
        self._transport, self._outstanding = transport, 0
        self._start, self._loop = 0.0, asyncio.get_running_loop()
        self._finished = asyncio.Event()
        transport.answered, transport.failed = self._on_answers, self._on_failure

    async def run(self) -> None:
        """Send the load, and wait until each call has an answer or has failed."""
        self._start = _clock()
        self.tally.start = self.tally.last = self._start + self.load.warm_up
        sweeper = self._loop.create_task(self._sweep())
        self._begin()
        try:
            async with asyncio.timeout(self.load.end + self.load.timeout + _GRACE_SECONDS):
                await self._finished.wait()
        except TimeoutError:  # the transport did not end its calls
            for _ in range(self._outstanding):
                self.tally.fail(self.tally.start, DEADLINE, "the call did not end", _clock())
        finally:
            sweeper.cancel()
            self._close()
            self._transport.answered, self._transport.failed = _ignore, _ignore
            self.tally.finish()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._transport.expire(_clock() - self.load.timeout)
            self._look()

    def _send(self, calls: Sequence[Call]) -> None:
        self._outstanding += len(calls)
        self._transport.send(calls)

    def _on_answers(self, calls: Sequence[Call], now: float) -> None:
        self._outstanding -= len(calls)
        self.tally.answered(calls, now)
        self._follow(len(calls))

    def _on_failure(self, call: Call, status: str, message: str, now: float) -> None:
        self._outstanding -= 1
        self.tally.fail(call[0], status, message, now)
        self._follow_failure()

    def _check(self) -> None:
        if self._is_over() and self._outstanding == 0:
            self._finished.set()

    def _begin(self) -> None:
        raise NotImplementedError

    def _follow(self, count: int) -> None:
        """React to the ends of calls."""
        raise NotImplementedError

    def _follow_failure(self) -> None:
        self._follow(1)

    def _is_over(self) -> bool:
        raise NotImplementedError

    def _look(self) -> None:
        """Look for what no event reports."""
        self._check()

    def _close(self) -> None:
        pass


class OpenRun(Run):
    """Sends each call when it is due, whatever became of those before."""

    def __init__(self, load: Load, transport: Transport, tally: Tally, calls: Blocks) -> None:
        """Take the calls in the order of their times."""
        super().__init__(load, transport, tally)
        self._blocks = calls
        self._dues: list[float] = []
        self._kinds: list[int] = []
        self._next = 0
        self._over = self._scheduled = self._blocked = False

    def _begin(self) -> None:
        self._alarm = Alarm(self._advance)
        self._advance()

    def _close(self) -> None:
        self._alarm.close()

    def _is_over(self) -> bool:
        return self._over

    def _follow(self, count: int) -> None:
        if self._blocked:
            self._advance_soon()
        elif self._over:
            self._check()

    def _look(self) -> None:
        if self._blocked:  # the server may allow more calls now
            self._advance_soon()
        self._check()

    def _advance_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._advance)

    def _advance(self) -> None:
        """Send calls that are due, and set the alarm for the next one."""
        self._scheduled = False
        if self._next == len(self._dues) and not self._load_block():
            return
        now, first = _clock(), self._next
        due = bisect_right(self._dues, now, first, min(first + _IN_A_ROW, len(self._dues)))
        if due == first:
            self._alarm.set(self._dues[first] - now)
        elif self._dues[first] + self.load.timeout <= now:
            self._give_up(now)
        else:
            self._send_some(due - first)

    def _send_some(self, due: int) -> None:
        """Send as many of the calls that are due as may be sent."""
        count = min(due, self.load.outstanding - self._outstanding, self._transport.room())
        if count < due and not self._blocked:
            self.tally.held += 1
        self._blocked = count < due
        if count > 0:
            dues = self._dues[self._next : self._next + count]
            self._send(list(zip(dues, self._kinds[self._next : self._next + count], strict=True)))
            self.tally.sent(dues, _clock())
            self._next += count
        if not self._blocked:
            self._continue()

    def _continue(self) -> None:
        """Set the alarm for the next call, or send it soon if it is due."""
        now = _clock()
        if self._next < len(self._dues) and self._dues[self._next] > now:
            self._alarm.set(self._dues[self._next] - now)
        else:
            self._advance_soon()

    def _give_up(self, now: float) -> None:
        """Fail a call that waited for others until its deadline."""
        due = self._dues[self._next]
        self.tally.unsent += due >= self.tally.start
        self.tally.fail(due, DEADLINE, "not sent: earlier calls had no answer", now)
        self._next += 1
        self._continue()

    def _load_block(self) -> bool:
        """Take the next block of calls that is not empty; False at the end."""
        times, self._kinds = next((block for block in self._blocks if block[0]), ([], []))
        self._dues, self._next = [self._start + time for time in times], 0
        self._over = not times
        self._check()
        return not self._over


class ClosedRun(Run):
    """Callers that each send the next call after the answer to the last one."""

    def __init__(self, load: Load, transport: Transport, tally: Tally, kinds: Iterator[int]) -> None:
        """Take the requests of the calls, without end."""
        super().__init__(load, transport, tally)
        self._kinds, self._callers = kinds, load.callers

    def _begin(self) -> None:
        self._follow(self.load.callers)

    def _is_over(self) -> bool:
        return self._callers == 0

    def _follow(self, count: int) -> None:
        now = _clock()
        if now - self._start >= self.load.end:
            self._callers -= count
            self._check()
        else:
            self._send([(now, kind) for kind in islice(self._kinds, count)])

    def _follow_failure(self) -> None:
        self._loop.call_later(_PAUSE_SECONDS, self._follow, 1)
