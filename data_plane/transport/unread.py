"""The answers that the client of one connection has not read, and the calls that wait until it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pretzel.data_plane.transport.sender import Sender

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call
    from pretzel.data_plane.transport.front import NativeFront


class Unread:
    """The unread bytes of one connection, counted with those of all."""

    def __init__(self, front: NativeFront, sender: Sender) -> None:
        self._front, self._sender = front, sender
        self._deferred: dict[int, Call] = {}
        self._counted = 0
        self._closed = False

    @property
    def is_full(self) -> bool:
        """Return whether the client must read before more answers are computed."""
        unsent = self._sender.unsent()
        return unsent > self._front.limits.output_bytes or (unsent > 0 and self._front.is_crowded)

    def reserve(self, size: int) -> None:
        """Check that an answer of so many bytes may wait for the client.

        Raises:
            ExhaustedError: too many bytes of answers are unread, of this connection or of all.
        """
        self._front.reserve(size, self._sender.unsent())

    def count(self) -> None:
        """Count what is unread now."""
        unsent = 0 if self._closed else self._sender.unsent()
        self._front.unsent += unsent - self._counted
        self._counted = unsent

    def close(self) -> None:
        """Count nothing any more: the connection is gone."""
        self._closed = True  # some of its calls may still end
        self._deferred.clear()
        self.count()

    # Calls that wait

    def defer(self, call: Call) -> None:
        """Answer a call later: its client does not read, and reading on is needed to learn when it does."""
        self._deferred[call.stream_id] = call

    def forget(self, stream_id: int) -> None:
        """Drop a stream that is closed."""
        if self._deferred:
            self._deferred.pop(stream_id, None)
        if self._sender.outgoing.bytes:
            self._sender.outgoing.drop(stream_id)

    def resume(self) -> None:
        """Go on with calls that waited for the client to read."""
        while self._deferred and not self.is_full:
            call = self._deferred.pop(next(iter(self._deferred)))
            if not call.finished:
                call.answer_deferred()
