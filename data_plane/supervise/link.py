"""The link between the supervisor and one serving process: framed messages over a socket pair.

A frame is four bytes of length, big-endian, and the canonical encoding of a map whose `kind` names the message.  Each
side treats the end of the stream as the death of the other.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

from pretzel.plan.encoding import decode, encode

Message = dict[str, Any]


class Link:
    """One end of the link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def over(cls, end: socket.socket) -> Link:
        """Return the link over one end of a socket pair."""
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message, in order, without waiting; it is lost if the peer is gone."""
        if not self._writer.is_closing():
            data = encode({"kind": kind, **fields})
            self._writer.write(len(data).to_bytes(4, "big") + data)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield each message that arrives, until the other side closes or dies."""
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(4), "big")
                yield decode(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    def close(self) -> None:
        """Close this end; the peer sees the end of the stream."""
        self._writer.close()
