"""Answers of HTTP/1.1 from their bytes: by length, in chunks, or up to the end of the connection."""

from __future__ import annotations

_MOST_HEAD = 1 << 16
_SHOWN = 300
"""Bytes of a body that are kept for messages about it."""


class MalformedAnswer(ValueError):
    """The bytes are not an answer of HTTP/1.1."""


class Answer:
    """One answer, which arrives in pieces."""

    def __init__(self) -> None:
        self.status, self.size, self.closes = 0, 0, False
        self._left: int | None = None
        """Bytes of the body, or of the chunk, that are missing; None: up to the end of the connection."""
        self._chunked, self._in_body, self._last = False, False, False
        self._buffer = bytearray()
        self._shown = bytearray()

    @property
    def beginning(self) -> str:
        """The first bytes of the body, as a text."""
        return self._shown.decode(errors="replace")

    @property
    def ends_at_eof(self) -> bool:
        """True if the end of the connection completes the answer."""
        return self._in_body and not self._chunked and self._left is None

    def feed(self, data: bytes) -> bool:
        """Read more bytes; return whether the answer is complete.

        Raises:
            MalformedAnswer: they are not HTTP/1.1.
        """
        self._buffer += data
        while not self._in_body:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                self._bound(_MOST_HEAD)
                return False
            self._read_head(bytes(self._buffer[:end]).decode("latin-1"))
            del self._buffer[: end + 4]
        return self._read_chunks() if self._chunked else self._read_body()

    def _bound(self, most: int) -> None:
        if len(self._buffer) > most or not b"HTTP/1."[: len(self._buffer)] == self._buffer[:7]:
            raise MalformedAnswer("the answer is not HTTP/1.1; check the address and --protocol")

    def _read_head(self, text: str) -> None:
        first, *lines = text.split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise MalformedAnswer(f"the answer is not HTTP/1.1: {first[:80]!r}; check the address and --protocol")
        status = int(rest[:3])
        if 100 <= status < 200:
            return
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.status, self._in_body = status, True
        self._chunked = "chunked" in fields.get("transfer-encoding", "").lower()
        length = fields.get("content-length", "")
        self._left = int(length) if length.isdecimal() else None
        if self._chunked or status in (204, 304):
            self._left = 0
        self.closes = fields.get("connection", "").lower() == "close" or version == "HTTP/1.0" or self.ends_at_eof

    def _read_body(self) -> bool:
        self._take(len(self._buffer) if self._left is None else min(self._left, len(self._buffer)))
        return self._left == 0

    def _take(self, count: int) -> None:
        if len(self._shown) < _SHOWN:
            self._shown += self._buffer[: min(count, _SHOWN)]
        self.size += count
        if self._left is not None:
            self._left -= count
        del self._buffer[:count]

    def _read_chunks(self) -> bool:
        while self._buffer:
            if self._left:
                self._take(min(self._left, len(self._buffer)))
                continue
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return False
            line = bytes(self._buffer[:end]).partition(b";")[0].strip()
            del self._buffer[: end + 2]
            if self._last and not line:
                return True
            if line and not self._last:
                self._open_chunk(line)
        return False

    def _open_chunk(self, line: bytes) -> None:
        try:
            self._left = int(line, 16)
        except ValueError:
            raise MalformedAnswer(f"the answer has a chunk of size {line[:20]!r}") from None
        self._last = self._left == 0
