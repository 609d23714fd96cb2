"""The answers of calls that arrive together, held until one look at the files that they were computed from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pretzel.data_plane.transport.runner import SharedLook

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call

MOST = 32
"""Largest number of answers that are held."""
MOST_BYTES = 64 << 10
"""Bytes of held answers from which they are released.  Whether the client reads is known only after that."""


class HeldAnswers:
    """The answers to the calls in one segment of a connection; nothing else runs between its opening and its end."""

    def __init__(self, look: SharedLook) -> None:
        self.is_open = False
        self.look = look
        self._answers: list[tuple[Call, bytes, bytes]] = []
        self._bytes = 0

    def open(self) -> None:
        """Hold the answers that follow."""
        self.is_open = True
        self.look.open()

    def add(self, call: Call, message: bytes, answer: bytes) -> None:
        """Hold the answer to the message of a call."""
        self._answers.append((call, message, answer))
        self._bytes += len(answer)
        if len(self._answers) >= MOST or self._bytes >= MOST_BYTES:
            self.release()
            self.open()

    def release(self) -> None:
        """Send the answers; if a file was changed during a run, compute them again."""
        self.is_open = False
        answers, self._answers, self._bytes = self._answers, [], 0
        intact = self.look.close()
        for call, message, answer in answers:
            if intact:
                call.respond(message, answer)
            else:
                call.repeat(message)

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """Send what is held, and leave the look to another user for a while."""
        was_open = self.is_open
        if was_open:
            self.release()
        try:
            yield
        finally:
            if was_open:
                self.open()

    def drop(self) -> None:
        """Forget what is held: the connection is gone."""
        self.look.close()
        self.is_open = False
        self._answers.clear()
