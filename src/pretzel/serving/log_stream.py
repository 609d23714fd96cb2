"""The stream that servers log to: a line that cannot be written is lost, and what logged it goes on."""

from __future__ import annotations

from typing import TextIO


class LogStream:
    """Writes to another stream and survives its errors: a full disk under a log must not stop a server."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = 0
        """Writes that failed."""

    def write(self, text: str) -> int:
        """Write, or lose, some text."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):  # ValueError: the stream is closed
            self.lost += 1
            return len(text)

    def flush(self) -> None:
        """Pass on what was written, if that is possible."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self.lost += 1
