"""Runs: an open loop that sends each call when it is due, and a closed loop of callers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

from pretzel.load.alarm import Alarm
from pretzel.load.calls import DEADLINE, OK, Call, Transport
from pretzel.load.schedule import Blocks, Load
from pretzel.load.tally import Tally

_SWEEP_SECONDS = 0.05
_IN_A_ROW = 64
"""Calls that are sent before answers are read again: a reading that waits would look like a slow server."""
_PAUSE_SECONDS = 0.01
"""Pause of a caller after a failure."""
_clock = time.perf_counter


class Run:
    """One run over an open transport."""

    def __init__(self, load: Load, transport: Transport, requests: Sequence[Any], tally: Tally) -> None:
        """Take the requests as the transport prepared them."""
        self.load, self.tally = load, tally
        self._transport, self._requests = transport, requests
        self._outstanding = 0
        self._start, self._loop = 0.0, asyncio.get_running_loop()
        self._finished = asyncio.Event()
        transport.done = self._done

    async def run(self) -> None:
        """Send the load, and wait until each call has an answer or has failed."""
        self._start = _clock()
        sweeper = self._loop.create_task(self._sweep())
        self._begin()
        try:
            async with asyncio.timeout(self.load.end + self.load.timeout + 20 * _SWEEP_SECONDS):
                await self._finished.wait()
        except TimeoutError:  # a transport that does not end its calls
            self.tally.unsent += self._outstanding
        finally:
            sweeper.cancel()
            self._close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._transport.expire(_clock() - self.load.timeout)
            self._check()

    def _send(self, kind: int, due: float) -> None:
        call = Call(self._requests[kind], due)
        call.origin = kind
        self._outstanding += 1
        self._transport.send(call)

    def _count(self, call: Call, now: float) -> None:
        """Count a call that was due in the measured time."""
        self._outstanding -= 1
        if call.due - self._start >= self.load.warm_up:
            self.tally.add(call.origin, call.status, now - call.due, call.message, call.body)
            self.tally.last = now - self._start - self.load.warm_up

    def _check(self) -> None:
        if self._is_over() and self._outstanding == 0:
            self._finished.set()

    def _begin(self) -> None:
        raise NotImplementedError

    def _done(self, call: Call, now: float) -> None:
        raise NotImplementedError

    def _is_over(self) -> bool:
        raise NotImplementedError

    def _close(self) -> None:
        pass


class OpenRun(Run):
    """Sends each call when it is due, whatever became of those before."""

    def __init__(self, load: Load, transport: Transport, requests: Sequence[Any], tally: Tally, calls: Blocks) -> None:
        """Take the calls in the order of their times."""
        super().__init__(load, transport, requests, tally)
        self._blocks = calls
        self._times: list[float] = []
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

    def _done(self, call: Call, now: float) -> None:
        self._count(call, now)
        if self._blocked:
            self._blocked = False
            self._advance_soon()
        elif self._over:
            self._check()

    def _advance_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._advance)

    def _advance(self) -> None:
        """Send what is due, and set the alarm for the next call."""
        self._scheduled = False
        for _ in range(_IN_A_ROW):
            if self._next == len(self._times) and not self._load_block():
                break
            due = self._start + self._times[self._next]
            late = _clock() - due
            if late < 0:
                self._alarm.set(-late)
                break
            if not self._offer(due, late):
                break
        else:
            self._advance_soon()
        self._transport.flush()

    def _load_block(self) -> bool:
        """Take the next block of calls that is not empty; False at the end."""
        self._times, self._kinds = next((block for block in self._blocks if block[0]), ([], []))
        self._next = 0
        if self._times:
            return True
        self._over = True
        self._check()
        return False

    def _offer(self, due: float, late: float) -> bool:
        """Send a call that is due; False if it must wait for the end of another."""
        kind, measured = self._kinds[self._next], self._times[self._next] >= self.load.warm_up
        if late >= self.load.timeout:
            if measured:
                self.tally.unsent += 1
                self.tally.add(kind, DEADLINE, late, "not sent: earlier calls had no answer")
        elif self._outstanding >= self.load.outstanding or not self._transport.has_room():
            self._blocked = True
            self.tally.held += measured
            return False
        else:
            if measured:
                self.tally.late.add(late)
            self._send(kind, due)
        self._next += 1
        return True

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._transport.expire(_clock() - self.load.timeout)
            if self._blocked:
                self._blocked = False
                self._advance_soon()
            self._check()


class ClosedRun(Run):
    """Callers that each send the next call after the answer to the last one."""

    def __init__(
        self, load: Load, transport: Transport, requests: Sequence[Any], tally: Tally, kinds: Iterator[int]
    ) -> None:
        """Take the requests of the calls, without end."""
        super().__init__(load, transport, requests, tally)
        self._kinds, self._callers = kinds, load.callers

    def _begin(self) -> None:
        for _ in range(self.load.callers):
            self._call()
        self._transport.flush()

    def _is_over(self) -> bool:
        return self._callers == 0

    def _call(self) -> None:
        now = _clock()
        if now - self._start >= self.load.end:
            self._callers -= 1
            self._check()
        else:
            self._send(next(self._kinds), now)

    def _call_later(self) -> None:
        self._call()
        self._transport.flush()

    def _done(self, call: Call, now: float) -> None:
        self._count(call, now)
        if call.status == OK:
            self._call()
        else:
            self._loop.call_later(_PAUSE_SECONDS, self._call_later)
