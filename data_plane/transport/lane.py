"""Answers the messages of a stream in order: at once where that is cheap, else one after another by a task."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import grpc

from pretzel.data_plane.transport.context import Context
from pretzel.data_plane.transport.handlers import finishing
from pretzel.errors import PretzelError

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call

BREATH = 64
"""Messages of a stream that are sent before the event loop runs other work."""
OVERLOADED_BREATH = 8
"""The same while an overload lasts: calls are refused then, and streams must not take their time."""
DRAINING = "this worker is draining; send the remaining requests to another worker"


class Lane:
    """The order of one stream with one response per request."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.is_busy = self._draining = False

    def advance(self) -> None:
        """Answer what waits, unless an earlier message is still being answered."""
        call = self._call
        inbox, method = call.inbox, call.method
        answered, breath = 0, OVERLOADED_BREATH if call.connection.delay.overloaded else BREATH
        while not self.is_busy and not call.finished and inbox:
            if answered == breath or call.is_clogged:
                self._start(call.writable())
                return
            answered += 1
            message = inbox.take()
            answer = method.shortcut(message, call.deadline)
            if isinstance(answer, PretzelError):
                answer = None  # the ordinary path makes it the response to this message
            if isinstance(answer, bytes):
                call.send(answer)
            else:
                call.carry(message)
                self._start(self._answer(message, answer), answer)
        if not self.is_busy:
            self._end()

    def drain(self) -> None:
        """End the stream once every request that was read is answered."""
        self._draining = True
        if not self.is_busy:
            self._end()

    def _end(self) -> None:
        if self._call.inbox.is_unpacking:
            return
        if self._call.inbox.ended:
            self._call.finish(grpc.StatusCode.OK)
        elif self._draining:
            self._call.finish(grpc.StatusCode.UNAVAILABLE, DRAINING)

    async def _answer(self, message: bytes, answer: Awaitable[bytes | None] | None) -> None:
        """Send the answer to one message, when it is there and the client reads."""
        response = await answer if answer is not None else None
        if response is None:
            assert self._call.method.each is not None
            context: Any = Context(self._call)
            response = await self._call.method.each(message, context)
        self._call.carry()
        await self._call.write(response)

    def _start(self, work: Awaitable[None], answer: object = None) -> None:
        self.is_busy = True
        self._call.run(self._advance_after(work), work, answer)

    async def _advance_after(self, work: Awaitable[None]) -> None:
        async with finishing(self._call):
            await work
            self.is_busy = False
            self.advance()
