"""The stream that servers log to: a line that cannot be written is dropped without an error."""

from __future__ import annotations

from typing import TextIO


class LogStream:
    """Writes to another stream and survives its errors: a full disk under a log must not stop a server."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = 0
        """Writes that failed."""

    def write(self, text: str) -> int:
        """Write text, or drop it on an error."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):  # ValueError: the stream is closed
            self.lost += 1
            return len(text)

    def flush(self) -> None:
        """Flush the stream, ignoring errors."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self.lost += 1
