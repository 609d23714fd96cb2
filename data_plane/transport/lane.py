"""Answers the messages of a stream in order: at once where that is cheap, else one after another by a task.

Messages that arrived together and are cheap are one batch: one look proves their answers, and one frame carries them.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import grpc

from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.data_plane.transport.context import Context
from pretzel.data_plane.transport.entrance import is_admitted, shortcut_of
from pretzel.data_plane.transport.handlers import finishing
from pretzel.data_plane.transport.held import MOST_BYTES
from pretzel.data_plane.transport.metering import PAID
from pretzel.data_plane.transport.methods import Answer
from pretzel.errors import PretzelError
from pretzel.serving.identity.caller import ACCESS

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
        if self.is_busy:
            return
        if self._call.inbox:
            with self._call.connection.held.interrupted():  # the look is shared; the call may end after these answers
                self._advance()
        if not self.is_busy:
            self._end()

    def _advance(self) -> None:
        call = self._call
        left = OVERLOADED_BREATH if call.connection.delay.overloaded else BREATH
        while not self.is_busy and not call.finished and call.inbox:
            if not is_admitted(call):
                return
            if not left or call.is_clogged:
                self._start(call.writable())
                return
            left -= self._answer_batch(left)

    def _answer_batch(self, most: int) -> int:
        """Answer messages whose answers one look at files can prove; return their number."""
        call, look = self._call, self._call.connection.held.look
        messages: list[bytes] = []
        answers: list[bytes] = []
        nbytes = 0
        answer: Answer = b""  # another kind of answer ends the batch
        look.open()
        try:
            while call.inbox and len(messages) < most and nbytes < MOST_BYTES and isinstance(answer, bytes):
                messages.append(call.inbox.take())
                answer = shortcut_of(call, messages[-1])
                if isinstance(answer, bytes):
                    answers.append(answer)
                    nbytes += len(answer)
        finally:
            intact = look.close()
        self._release(messages, answers if intact else [], answer)
        return len(messages)

    def _release(self, messages: list[bytes], answers: list[bytes], last: Answer) -> None:
        """Send the answers, and begin to answer the other messages one after another; ``last`` may be awaited."""
        if answers:
            self._call.send(answers)
        others = messages[len(answers) :]
        if others:
            # The ordinary path makes an error the response to its message.
            awaited = None if isinstance(last, bytes | PretzelError) else last
            self._call.carry(_nbytes(others))
            self._start(self._answer_all(others, awaited), awaited)

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

    async def _answer_all(self, messages: list[bytes], last: Awaitable[bytes | None] | None) -> None:
        """Send the answer to each message, when it is there and the client reads; ``last`` is that of the last."""
        while messages:
            message = messages[0]
            response = await self._response(message, last if len(messages) == 1 else None)
            del messages[0], message  # they may be large
            self._call.carry(_nbytes(messages))
            await self._call.write(response)

    async def _response(self, message: bytes, answer: Awaitable[bytes | None] | None) -> bytes:
        response = await answer if answer is not None else None
        if response is not None:
            return response
        assert self._call.method.each is not None
        context: Any = Context(self._call)
        ACCESS.set(self._call.head.access)
        ORIGIN.set(self._call)
        PAID.set(answer is not None)
        return await self._call.method.each(message, context)

    def _start(self, work: Awaitable[None], answer: object = None) -> None:
        self.is_busy = True
        self._call.run(self._advance_after(work), work, answer)

    async def _advance_after(self, work: Awaitable[None]) -> None:
        async with finishing(self._call):
            await work
            self.is_busy = False
            self.advance()


def _nbytes(messages: list[bytes]) -> int:
    return sum(map(len, messages))
