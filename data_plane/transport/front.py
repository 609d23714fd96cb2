"""The native front: listens, holds the connections, and drains them."""

from __future__ import annotations

import time
from collections.abc import Callable

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.transport.attached import Attached
from pretzel.data_plane.transport.connection import Connection
from pretzel.data_plane.transport.head import Head
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.listening import Listening
from pretzel.data_plane.transport.methods import Method, Methods
from pretzel.data_plane.transport.polling import Poller
from pretzel.data_plane.transport.shedding import Shedding
from pretzel.errors import ExhaustedError
from pretzel.serving.identity.keeper import Keeper

Observe = Callable[[Head, Method], Method]
RETRY_SECONDS = 0.1
"""Delay that is suggested to a client whose message found no room."""


class NativeFront(Listening[Connection]):
    """All listeners and connections of one process."""

    def __init__(
        self,
        methods: Methods,
        limits: Limits,
        poller: Poller | None = None,
        tally: Tally | None = None,
        attached: Attached | None = None,
        observe: Observe | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """Serve; ``observe`` chooses the method of each call, which may record it, and ``keeper`` knows callers."""
        super().__init__(limits.connections)
        self.observe, self.keeper = observe, keeper
        self.methods, self.limits, self.poller = methods, limits, poller or Poller(0)
        self.attached = attached or Attached()
        self.shedding = Shedding(methods, limits, tally or Tally())
        self.calls = 0
        """Open calls of all connections, as they were when each was flushed."""
        self._held = 0
        self.unsent = 0
        """Bytes of answers that their clients have not read."""
        self.draining = False
        """The process stops: connections that arrive now are drained from their start."""

    def connection(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self)

    def look(self, now: float) -> None:
        """Report refusals."""
        self.shedding.report(now)

    def tick(self, connection: Connection, now: float) -> None:
        """End a connection that is idle, old or gone."""
        connection.life.tick(now)

    @property
    def running(self) -> int:
        """Calls that have work to do before they end."""
        return sum(call.is_running for connection in self.connections for call in connection.calls.values())

    async def drain(self, seconds: float) -> None:
        """Stop listening, let running calls end for a while, then end the others and close."""
        self.draining = True
        self.stop_listening()
        for connection in list(self.connections):
            connection.life.start_drain(time.monotonic())
        await self.wait_while(self._has_calls, seconds)
        for connection in list(self.connections):
            connection.close()
        await self.end()

    def _has_calls(self) -> bool:
        """Return whether a call runs, or a client does not know yet that it must go elsewhere."""
        return any(connection.is_busy or not connection.life.is_drained for connection in self.connections)

    # Called by connections

    def hold(self, size: int) -> None:
        """Count bytes of incomplete and unread messages.

        Raises:
            ExhaustedError: all together exceed the limit.
        """
        self._held += size
        if size > 0 and self._held + self.unsent > self.limits.received_bytes:
            raise self._exhausted("this worker", self.limits.received_bytes)

    def carry(self, size: int) -> None:
        """Count bytes of a message that is being answered; there was room for it when it arrived."""
        self._held += size

    def reserve(self, size: int, own: int) -> None:
        """Check that an answer may wait for its client, whose connection has ``own`` bytes of unread ones.

        Raises:
            ExhaustedError: all together, or those of the connection, exceed the limit.
        """
        if own and own + size > self.limits.unread_bytes:
            raise self._exhausted("this connection", self.limits.unread_bytes)
        if self._held + self.unsent + size > self.limits.received_bytes:
            raise self._exhausted("this worker", self.limits.received_bytes)

    @property
    def is_crowded(self) -> bool:
        """Return whether the bytes of unread answers fill half of their limit."""
        return self.unsent > self.limits.received_bytes // 2

    def _exhausted(self, holder: str, most: int) -> ExhaustedError:
        error = ExhaustedError(
            f"{holder} holds {most} bytes of unfinished requests and unread answers; read the answers, and retry"
        )
        error.retry_after = RETRY_SECONDS
        return error
