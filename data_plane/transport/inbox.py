"""The requests of one call: cut out of its DATA, queued, and acknowledged to the sender as they are taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import grpc

from pretzel.data_plane.transport.framing import Deframer
from pretzel.data_plane.transport.head import Rejection

Acknowledge = Callable[[int], None]


class Inbox:
    """Received messages in order.

    Bytes are acknowledged on arrival while few are unread, and otherwise when they are taken: so a slow handler stops
    its sender, and one large message does not stop itself.
    """

    def __init__(self, deframer: Deframer, acknowledge: Acknowledge, window: int) -> None:
        self._deframer, self._acknowledge, self._window = deframer, acknowledge, window
        self._messages: deque[bytes] = deque()
        self._unread = self._owed = 0
        self._arrived: asyncio.Future[None] | None = None
        self.ended = False
        """No further message comes."""

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def held(self) -> int:
        """Bytes of incomplete and unread messages."""
        return self._deframer.held + self._unread

    @property
    def incomplete(self) -> int:
        """Bytes of an incomplete message."""
        return self._deframer.held

    def receive(self, data: bytes) -> None:
        """Queue the messages that ``data`` completes.

        Raises:
            Rejection: a message is invalid or too large.
        """
        for message in self._deframer.feed(data):
            self._messages.append(message)
            self._unread += len(message)
        self._owed += len(data)
        self._pay()
        self.wake()

    def end(self) -> None:
        """Note that no further message comes.

        Raises:
            Rejection: the last message is incomplete.
        """
        self.ended = True
        self.wake()
        if self._deframer.held:
            raise Rejection(grpc.StatusCode.INTERNAL, "the last message is incomplete")

    def take(self) -> bytes:
        """Return the next message."""
        message = self._messages.popleft()
        self._unread -= len(message)
        self._pay()
        return message

    async def read(self) -> bytes | None:
        """Return the next message, or None after the last."""
        while not self._messages:
            if self.ended:
                return None
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
        return self.take()

    def wake(self) -> None:
        """Let a waiting reader look again."""
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def _pay(self) -> None:
        if self._owed and self._unread <= self._window // 2:
            owed, self._owed = self._owed, 0
            self._acknowledge(owed)
