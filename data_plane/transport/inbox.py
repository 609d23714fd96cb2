"""The requests of one call: cut out of its DATA, queued, and acknowledged to the sender as they are taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import grpc

from pretzel.data_plane.scheduling.niceness import yield_core
from pretzel.data_plane.transport.framing import Deframer, Packed
from pretzel.data_plane.transport.head import Rejection

Acknowledge = Callable[[int], None]
Hold = Callable[[int], None]
Advance = Callable[[Exception | None], None]
"""Called when messages were decompressed, or with the reason why one is invalid."""
OVERHEAD = 64
"""Bytes that a queued message counts beyond its own: else a sender of empty ones could queue any number."""


class Inbox:
    """Received messages in order.

    Bytes are acknowledged on arrival while few are unread, and otherwise when they are taken: so a slow handler stops
    its sender, and one large message does not stop itself.  A message that takes long to decompress, and those behind
    it, wait for a thread.
    """

    def __init__(self, deframer: Deframer, acknowledge: Acknowledge, hold: Hold, window: int, advance: Advance) -> None:
        """Create an empty one; ``hold`` counts its bytes, and raises if all inboxes hold too many."""
        self._deframer, self._acknowledge, self._hold, self._window = deframer, acknowledge, hold, window
        self._advance = advance
        self._messages: deque[bytes] = deque()
        self._packed: deque[bytes] = deque()
        self._unpacking: asyncio.Task[None] | None = None
        self._unread = self._owed = self._held = 0
        self._arrived: asyncio.Future[None] | None = None
        self._ended = False

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def is_unpacking(self) -> bool:
        """Return whether received messages are being decompressed."""
        return self._unpacking is not None

    @property
    def ended(self) -> bool:
        """Return whether no further message comes."""
        return self._ended and self._unpacking is None

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
            waits = self._packed or self._unpacking is not None or type(message) is Packed
            (self._packed if waits else self._messages).append(message)
            self._unread += OVERHEAD + len(message)
        if self._packed and self._unpacking is None:
            self._unpacking = asyncio.ensure_future(self._unpack())
        self._pay()
        self.wake()
        self._count()

    def end(self) -> None:
        """Note that no further message comes.

        Raises:
            Rejection: the last message is incomplete.
        """
        self._ended = True
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
        self._ended = True
        self._messages.clear()
        self._packed.clear()
        if self._unpacking is not None:
            self._unpacking.cancel()
            self._unpacking = None
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

    async def _unpack(self) -> None:
        """Decompress on the thread what waits for it, and pass it on in order."""
        try:
            while self._packed:
                packed = self._packed.popleft()
                message = await self._unpacked(packed)
                self._messages.append(message)
                self._unread += len(message) - len(packed)
                self._count()
                if self._packed:
                    self._proceed(None)
        except Exception as error:
            self._proceed(error)
            return
        self._unpacking = None
        self._proceed(None)

    async def _unpacked(self, message: bytes) -> bytes:
        if type(message) is not Packed:
            return message
        return await asyncio.get_running_loop().run_in_executor(_thread(), self._deframer.unpack, message)

    def _proceed(self, error: Exception | None) -> None:
        self.wake()
        self._advance(error)

    def _count(self) -> None:
        held = self._deframer.held + self._unread
        if held != self._held:
            change, self._held = held - self._held, held
            self._hold(change)

    def _pay(self) -> None:
        if self._owed and self._unread <= self._window // 2:
            owed, self._owed = self._owed, 0
            self._acknowledge(owed)


@cache
def _thread() -> ThreadPoolExecutor:
    """Return one thread for all calls: more would take the cores from the event loop and from predictions."""
    return ThreadPoolExecutor(1, "decompress", initializer=yield_core)
