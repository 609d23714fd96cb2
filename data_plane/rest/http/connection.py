"""One connection of HTTP/1.1: bytes to requests, one answer after another, in their order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.http.reading import Reader, Rejection
from pretzel.data_plane.transport.peer import authentication, name_of
from pretzel.serving.identity.recognition import PEER

if TYPE_CHECKING:
    from pretzel.data_plane.rest.http.front import HttpFront

LINGER_SECONDS = 2.0
"""Time in which the rest of a refused request is read and dropped: many clients read only after they have sent."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """The protocol of one connection, for `loop.create_server`."""

    def __init__(self, front: HttpFront, closed: Callable[[], None] = lambda: None) -> None:
        """Serve for a front; ``closed`` is called when the connection has ended."""
        self._front, self._closed, self._limits = front, closed, front.limits
        self._reader = Reader(front.limits, self._take, front.hold)
        self._queue: deque[Request | Rejection] = deque()
        self._task: asyncio.Task[None] | None = None
        self._answering: Request | None = None
        self.transport: Any = None
        self._certificate: dict[str, list[bytes]] = {}
        self._heard = self._served = time.monotonic()
        self._unread = 0, 0.0
        self._is_paused = self._is_unread = self._is_ending = self._is_deaf = False
        self._lingers = 0.0

    # Events of the socket

    def connection_made(self, transport: Any) -> None:
        """Register, or refuse a connection beyond the limit."""
        self.transport = transport
        self._certificate = {**authentication(transport), PEER: [name_of(transport).encode()]}
        if not self._front.admit(self):
            self._end(self._front.refusal(503, "this worker has too many connections; retry on another"))
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Read requests, and answer those that are complete."""
        if self._is_ending or self._is_deaf:
            return
        self._heard = self._reader.now = time.monotonic()
        self._front.delay.arrive(self._heard)
        try:
            self._reader.feed(data)
        except Rejection as rejection:
            self._is_deaf = True
            rejection.identifier = self._reader.identifier
            self._reader.release()
            self._queue.append(rejection)
        self._advance()

    def eof_received(self) -> bool:
        """Close: a client that leaves needs no answer."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Stop the work, whose answer cannot be sent."""
        self._is_ending = True
        if self._task is not None:
            self._task.cancel()
        self._drop()
        self._front.forget(self)
        self._closed()

    def pause_writing(self) -> None:
        """Answer no further request until the client reads."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Answer the next requests."""
        self._is_paused = False
        self._advance()

    # Requests in their order

    @property
    def is_busy(self) -> bool:
        """Return whether a request waits or is being answered, or an answer is unsent."""
        return bool(self._answering or self._queue or (self.transport and self.transport.get_write_buffer_size()))

    @property
    def _is_quiet(self) -> bool:
        return self._answering is None and not self._queue

    def _take(self, request: Request) -> None:
        request.certificate = self._certificate
        self._queue.append(request)

    def _advance(self) -> None:
        """Answer what waits, until an answer takes time or the client reads too slowly."""
        while self._queue and self._answering is None and not (self._is_paused or self._is_ending):
            item = self._queue.popleft()
            if isinstance(item, Rejection):
                self._end(self._front.refusal(item.status, item.message, item.identifier))
                break
            self._answering = item
            answer = self._front.answer(item)
            if isinstance(answer, Response):
                self._respond(item, answer)
            else:
                self._task = asyncio.ensure_future(self._wait(item, answer))
        self._throttle()
        if self._reader.expects and self._is_quiet and not self._is_ending:
            self._reader.expects = False
            self.transport.write(CONTINUE)

    async def _wait(self, request: Request, answer: Awaitable[Response]) -> None:
        response = await answer
        self._task = None
        if not self._is_ending:
            self._respond(request, response)
            self._advance()

    def _respond(self, request: Request, response: Response) -> None:
        self._front.hold_less(request.held)
        self._answering, self._served = None, time.monotonic()
        if response.is_last or not request.is_kept or self._front.draining:
            response.is_last = True
            self._end(response, request)
        else:
            self.transport.write(response.encoded(request))

    def _throttle(self) -> None:
        """Read no further while many requests wait, so that a client cannot send ahead without bound."""
        full = len(self._queue) >= self._limits.waiting or self._is_paused
        if full != self._is_unread and not self._is_ending:
            self._is_unread = full
            (self.transport.pause_reading if full else self.transport.resume_reading)()

    def _end(self, response: Response, request: Request | None = None) -> None:
        """Send the last response, and close; after a refusal, once the client has sent the rest or had time to."""
        self._drop()
        self._is_ending = True
        self.transport.write(response.encoded(request))
        if request is None and self.transport.can_write_eof():
            self._lingers = time.monotonic()
            self.transport.write_eof()
            self.transport.resume_reading()
        else:
            self.transport.close()

    def _drop(self) -> None:
        """Give up everything that waits."""
        self._reader.release()
        for item in self._queue:
            if isinstance(item, Request):
                self._front.hold_less(item.held)
        self._queue.clear()
        if self._answering is not None:
            self._front.hold_less(self._answering.held)
            self._answering = None

    # Time

    def tick(self, now: float) -> None:
        """End a connection that is silent, stalled or idle."""
        unread = self.transport.get_write_buffer_size()
        if self._lingers and now - self._lingers > LINGER_SECONDS:
            self.transport.close()
        if not unread or unread != self._unread[0]:
            self._unread = unread, now
        if now - self._unread[1] > self._limits.stall_seconds:
            self.transport.abort()
        elif not self._is_ending and self._is_quiet and not unread:
            self._tick_reading(now)

    def _tick_reading(self, now: float) -> None:
        reader, limits = self._reader, self._limits
        if not reader.begun:
            if self._front.draining or now - max(self._served, self._heard) > limits.idle_seconds:
                self._is_ending = True
                self.transport.close()
        elif not reader.in_body:
            if now - reader.begun > limits.head_seconds:
                self._end(self._front.refusal(408, f"the header fields took more than {limits.head_seconds:g} s"))
        else:
            slow = limits.stall_seconds + reader.received / limits.body_rate
            if now - self._heard > limits.stall_seconds or now - reader.begun > slow:
                slowly = "the body arrives too slowly; send it again, faster"
                self._end(self._front.refusal(408, slowly, reader.identifier))

    def close_idle(self) -> None:
        """Close at once if nothing is being answered or received."""
        if not self.is_busy and not self._reader.begun:
            self.transport.close()

    def abort(self) -> None:
        """Close without a word."""
        self.transport.abort()
