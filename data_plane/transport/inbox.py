"""The requests of one call: cut out of its DATA, queued, and acknowledged to the sender as they are taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import grpc

from pretzel.data_plane.transport.framing import Deframer
from pretzel.data_plane.transport.head import Rejection

Acknowledge = Callable[[int], None]
Hold = Callable[[int], None]
OVERHEAD = 64
"""Bytes that a queued message counts beyond its own: else a sender of empty ones could queue any number."""


class Inbox:
    """Received messages in order.

    Bytes are acknowledged on arrival while few are unread, and otherwise when they are taken: so a slow handler stops
    its sender, and one large message does not stop itself.
    """

    def __init__(self, deframer: Deframer, acknowledge: Acknowledge, hold: Hold, window: int) -> None:
        """Create an empty one; ``hold`` counts its bytes, and raises if all inboxes hold too many."""
        self._deframer, self._acknowledge, self._hold, self._window = deframer, acknowledge, hold, window
        self._messages: deque[bytes] = deque()
        self._unread = self._owed = self._held = 0
        self._arrived: asyncio.Future[None] | None = None
        self.ended = False
        """No further message comes."""

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def incomplete(self) -> int:
        """Bytes of an incomplete message."""
        return self._deframer.held

    def receive(self, data: bytes) -> None:
        """Queue the messages that ``data`` completes.

        Raises:
            Rejection: a message is invalid or too large, or too many bytes are held.
        """
        self._owed += len(data)  # first, for a rejected message is acknowledged too
        for message in self._deframer.feed(data):
            self._messages.append(message)
            self._unread += OVERHEAD + len(message)
        self._pay()
        self.wake()
        self._count()

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
        self._unread -= OVERHEAD + len(message)
        self._pay()
        self._count()
        return message

    def restore(self, message: bytes) -> None:
        """Return a message that was taken to the front of the queue.

        Raises:
            Rejection: too many bytes are held.
        """
        self._messages.appendleft(message)
        self._unread += OVERHEAD + len(message)
        self._count()

    def clear(self) -> None:
        """Drop everything; its bytes must be acknowledged too, because they count for the whole connection."""
        self.ended = True
        self._messages.clear()
        self._deframer.clear()
        self._unread = 0
        self._pay()
        self._count()
        self.wake()

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

    def _count(self) -> None:
        held = self._deframer.held + self._unread
        if held != self._held:
            change, self._held = held - self._held, held
            self._hold(change)

    def _pay(self) -> None:
        if self._owed and self._unread <= self._window // 2:
            owed, self._owed = self._owed, 0
            self._acknowledge(owed)
