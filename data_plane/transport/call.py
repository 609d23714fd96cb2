"""One call of a connection, from its head to its status."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import grpc

from pretzel.data_plane.transport.entrance import shortcut_of
from pretzel.data_plane.transport.framing import PARTED, PREFIX, Deframer, compressed, framed, is_one_message
from pretzel.data_plane.transport.handlers import returned, run_awaitable, run_handler
from pretzel.data_plane.transport.head import IDENTITY, Head, Headed, Rejection
from pretzel.data_plane.transport.inbox import Inbox
from pretzel.data_plane.transport.lane import BREATH, Lane
from pretzel.data_plane.transport.methods import Method
from pretzel.data_plane.transport.sender import identifier_of
from pretzel.data_plane.transport.status import Metadata
from pretzel.errors import ExhaustedError, PretzelError
from pretzel.serving.request_ids import identified

if TYPE_CHECKING:
    from pretzel.data_plane.transport.connection import Connection

LATE = "the deadline passed; retry with a longer one"
COMPRESSED_INLINE = 64 << 10
"""Bytes that are compressed on the event loop; more take a thread."""


class Call(Headed):
    """A call: its requests, the work on them, and its responses."""

    headers_sent = finished = half_closed = False
    """The last one: the client has sent everything."""
    initial_metadata: Metadata = ()
    _inbox: Inbox | None = None
    _lane: Lane | None = None
    _task: asyncio.Task[None] | None = None
    _timer: asyncio.TimerHandle | None = None
    _written = _carried = 0
    _writable: asyncio.Future[None] | None = None
    _watched: tuple[tuple[int, int] | None, float] = (None, 0.0)
    """Bytes that wait for the client, and the time since which their numbers are the same."""

    def __init__(self, connection: Connection, stream_id: int, head: Head, method: Method) -> None:
        self.connection, self.stream_id, self.head, self.method = connection, stream_id, head, method
        self.deadline = connection.heard + head.timeout if head.timeout else 0.0
        self.gzip = head.accepts_gzip and head.encoding != IDENTITY

    # Requests

    @property
    def inbox(self) -> Inbox:
        """Return the received messages; most calls need no queue."""
        if self._inbox is None:
            limits = self.connection.limits
            deframer, hold = Deframer(self.head.encoding, limits.message_bytes), self.connection.front.hold
            self._inbox = Inbox(deframer, self._acknowledge, hold, limits.stream_window, self._advance)
        return self._inbox

    def receive(self, data: bytes, *, end: bool) -> None:
        """Process received bytes; ``end`` marks the last ones.

        Raises:
            Rejection: a message is invalid.
        """
        self.half_closed |= end
        unread = self._inbox is None and self.method.answers_calls
        if end and unread and is_one_message(data, self.connection.limits.message_bytes):
            self._acknowledge(len(data))
            self.answer(data[PREFIX:])
            return
        if data:
            self.inbox.receive(data)
        if end:
            self.inbox.end()
        self._proceed()

    def _proceed(self) -> None:
        """Process the messages that have arrived."""
        inbox = self.inbox
        if self.method.each is not None:
            self._lane = self._lane or Lane(self)
            self._lane.advance()
        elif self._task is None and (inbox.ended or self.method.takes_many or len(inbox) > 1):
            self._start()

    def _advance(self, error: Exception | None) -> None:
        """Proceed after messages were decompressed, or end with the reason why one is invalid."""
        try:
            if error is not None:
                raise error
            if not self.finished:
                self._proceed()
        except Exception as failure:
            self.fail(failure)

    def _start(self) -> None:
        if self.method.takes_many:
            self.run(run_handler(self, None))
        elif len(self.inbox) == 1:
            self.answer(self.inbox.take())
        else:
            code = grpc.StatusCode.UNIMPLEMENTED  # the status that gRPC's list of library errors has for it
            self.finish(code, f"this method takes exactly one message, {len(self.inbox) or 'none'} came")

    def answer(self, message: bytes) -> None:
        """Answer a unary call: at once if that is cheap, else by a task."""
        if self.connection.unread.is_full:
            self.connection.unread.defer(self)
            self.inbox.restore(message)
            return
        answer = shortcut_of(self, message)
        if isinstance(answer, PretzelError):
            self.connection.sender.refuse_by(self, answer)
            return self._close()
        if not isinstance(answer, bytes):
            self.carry(len(message))
        if answer is None:
            self.run(run_handler(self, message))
        elif not isinstance(answer, bytes):
            self.run(run_awaitable(self, message, answer), answer)
        elif self.connection.held.is_open:
            self.connection.held.add(self, message, answer)
        else:
            self.respond(message, answer)

    def respond(self, message: bytes, answer: bytes) -> None:
        """Send the answer of a unary call, unless the call has ended meanwhile."""
        if self.finished:
            return
        if self.gzip and len(answer) > COMPRESSED_INLINE:
            self.run(run_awaitable(self, message, returned(answer)))
            return
        try:
            self._reserve(answer)
        except ExhaustedError as error:
            return self.fail(error)
        self.finished = True
        self.connection.sender.respond(self, *framed(answer, gzip=self.gzip))

    def repeat(self, message: bytes) -> None:
        """Answer a unary call by its ordinary handler, unless the call has ended meanwhile."""
        if not self.finished:
            self.carry(len(message))
            self.run(run_handler(self, message, paid=True))

    def carry(self, nbytes: int = 0) -> None:
        """Count the bytes of the messages that are being answered; by default there are none any more."""
        change, self._carried = nbytes - self._carried, nbytes
        self.connection.front.carry(change)

    def answer_deferred(self) -> None:
        """Answer a unary call that waited for the peer to read."""
        try:
            self.answer(self.inbox.take())
        except Exception as error:
            self.fail(error)

    def run(self, work: Coroutine[Any, Any, None], *awaited: object) -> None:
        """Run the work of this call; it is cancelled when the client goes, or the deadline passes.

        The coroutines that it awaits are closed at its end, for it may be cancelled before it starts.
        """
        self.connection.delay.tasks = True
        self._task = asyncio.ensure_future(work)
        coroutines = [each for each in awaited if isinstance(each, Coroutine)]
        if coroutines:
            self._task.add_done_callback(lambda _: [each.close() for each in coroutines])

    def _acknowledge(self, size: int) -> None:
        self.connection.sender.acknowledge(self.stream_id, size)

    # Responses

    async def write(self, message: bytes) -> None:
        """Send a message, and wait while too many bytes are unsent."""
        large = self.gzip and len(message) > COMPRESSED_INLINE
        packed = (await asyncio.to_thread(compressed, message),) if large else framed(message, gzip=self.gzip)
        if not self.finished:
            self._reserve(message)
            self.connection.sender.send_message(self, *packed)
        self._written += 1
        if self._written % BREATH == 0:
            await asyncio.sleep(0)
        await self.writable()

    async def writable(self) -> None:
        """Wait while too many bytes are unsent."""
        while not self.finished and self.is_clogged:
            self._writable = asyncio.get_running_loop().create_future()
            await self._writable

    def send(self, messages: list[bytes]) -> None:
        """Send messages at once; only the last one may be large, and the others are one part."""
        if len(messages) > 1 and len(messages[-1]) >= PARTED:
            self.send(messages[:-1])  # first, for there may be no room for the large one
            messages = messages[-1:]
        self._reserve(messages[-1])
        parts = [part for message in messages for part in framed(message, gzip=self.gzip)]
        self.connection.sender.send_message(self, *([b"".join(parts)] if len(messages) > 1 else parts))

    def _reserve(self, message: bytes) -> None:
        """Check that there is room for a large answer until its client reads it.

        Raises:
            ExhaustedError: too many bytes of answers are unread.
        """
        if len(message) >= PARTED:
            self.connection.unread.reserve(len(message))

    @property
    def is_clogged(self) -> bool:
        """Return whether the client must read before more is sent."""
        return self.connection.sender.unsent(self.stream_id) > self.connection.limits.stream_output_bytes

    def on_sent(self) -> None:
        """Let a waiting writer look again at what is unsent."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def finish(self, code: grpc.StatusCode, message: str = "", metadata: Metadata | None = None) -> None:
        """Send the status, once; ``metadata``: of one that the handler chose."""
        if not self.finished:
            # First, because the handler's metadata may be invalid: then the status of that error follows.
            self.connection.sender.send_status(self, code, message, metadata)
            self._close()

    def finish_by(self, error: Exception) -> None:
        """Send the status of an error."""
        if isinstance(error, Rejection):
            return self.finish(error.code, error.message)
        return self.finish(*identified(error, identifier_of(self)))

    # Ends that the handler does not choose

    def start_timer(self) -> None:
        """End the call at its deadline."""
        if self.deadline and self._timer is None and not self.finished:
            left = max(0.0, self.deadline - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)

    def _expire(self) -> None:
        self.finish(grpc.StatusCode.DEADLINE_EXCEEDED, LATE)
        self._cancel()

    def abandon(self) -> None:
        """Stop all work: the stream is closed."""
        if not self.finished:
            self._close()
            self._cancel()

    @property
    def is_running(self) -> bool:
        """Return whether the call has work to do; a stream that waits for its client has not."""
        if self.finished or self._lane is not None:
            return not self.finished and self._lane is not None and (self._lane.is_busy or self.inbox.is_unpacking)
        return self.method.each is None and not self.method.gives_many

    def drain(self) -> None:
        """End a stream as soon as every request that was read is answered; other calls go on."""
        if self.method.each is not None:
            self._lane = self._lane or Lane(self)
            self._lane.drain()

    def stop(self, code: grpc.StatusCode, message: str) -> None:
        """End the call now."""
        self.finish(code, message)
        self._cancel()

    def fail(self, error: Exception) -> None:
        """End the call now with the status of an error."""
        self.finish_by(error)
        self._cancel()

    def is_stalled(self, now: float) -> bool:
        """Return whether the client has made us wait too long: to read, to send the rest of a message, or to end."""
        unsent = self.connection.sender.unsent(self.stream_id)
        incomplete = self._inbox.incomplete if self._inbox is not None else 0
        waits = unsent or incomplete or self.finished or not (self.method.takes_many or self.half_closed)
        if not waits or (unsent, incomplete) != self._watched[0]:
            self._watched = (unsent, incomplete), now
        return now - self._watched[1] > self.connection.limits.stall_seconds

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _close(self) -> None:
        self.finished = True
        if self._timer is not None:
            self._timer.cancel()
        if self._inbox is not None:
            self._inbox.clear()
        if self._carried:
            self.carry()
        self.leave()
        self.on_sent()
