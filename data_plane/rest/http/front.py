"""The HTTP front: listens, holds the connections, and drains them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Protocol

from pretzel.data_plane.rest.http.connection import Connection
from pretzel.data_plane.rest.http.limits import Limits
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.http.reading import Rejection
from pretzel.data_plane.transport.delay import Delay
from pretzel.data_plane.transport.listening import Listening
from pretzel.serving.request_ids import usable


class Application(Protocol):
    """The part that answers the requests."""

    draining: bool
    """The process stops."""

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """Return the response, or an awaitable of it; neither raises."""

    def count(self, status: int) -> None:
        """Count a request that could not be read."""


class HttpFront(Listening[Connection]):
    """All listeners and connections of one process."""

    def __init__(self, application: Application, limits: Limits, delay: Delay | None = None) -> None:
        super().__init__(limits.connections)
        self._application, self.limits = application, limits
        self.answer = application.answer
        self.delay = delay or Delay()
        self.held = 0
        """Bytes of bodies that are not answered."""

    @property
    def draining(self) -> bool:
        """Return whether the process stops: every answer is the last of its connection."""
        return self._application.draining

    @property
    def running(self) -> int:
        """Connections with work to do."""
        return sum(connection.is_busy for connection in self.connections)

    def connection(self, closed: Callable[[], None] = lambda: None) -> Connection:
        """Return the protocol of a new connection; ``closed`` is called at its end."""
        return Connection(self, closed)

    def tick(self, connection: Connection, now: float) -> None:
        """End a connection that is idle or slow."""
        connection.tick(now)

    async def drain(self, seconds: float) -> None:
        """Stop listening, let running requests end for a while, then close."""
        self._application.draining = True
        self.stop_listening()
        for connection in list(self.connections):
            connection.close_idle()
        await self.wait_while(lambda: self.running, seconds)
        for connection in list(self.connections):
            connection.transport.close()
        await self.end()

    # Called by connections

    def hold(self, size: int) -> None:
        """Count bytes of a body.

        Raises:
            Rejection: all together exceed the limit.
        """
        self.held += size
        if size > 0 and self.held > self.limits.held_bytes:
            raise Rejection(
                503, f"this worker holds {self.limits.held_bytes} bytes of unanswered requests; retry later"
            )

    def hold_less(self, size: int) -> None:
        """Count bytes of a body that is answered."""
        self.held -= size

    def refusal(self, status: int, message: str, identifier: bytes | None = None) -> Response:
        """Return the last response of a connection whose request, of this identifier, is not read."""
        self._application.count(status)
        headers = [("x-request-id", usable(identifier)), *([("retry-after", "1")] if status == 503 else [])]
        response = Response(status, json.dumps({"error": message}).encode(), headers=headers)
        response.is_last = True
        return response
