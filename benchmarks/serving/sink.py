"""An HTTP/2 server that answers every gRPC call with the same bytes: the floor of what a load generator is answered.

It reads frames only as far as their lengths, so it answers several times what a real server does.  It is right for
requests whose body fits into one frame and for clients that grant large windows.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

MESSAGE = 64
"""Bytes of the answer's message."""
PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_DATA, _HEADERS, _SETTINGS, _PING, _WINDOW = 0x0, 0x1, 0x4, 0x6, 0x8
_END_STREAM, _END_HEADERS, _ACK = 0x1, 0x4, 0x1
_GRANT = 1 << 22
"""Bytes of requests after which the connection's window is opened by as many."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return the bytes of a frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _literal(name: bytes, value: bytes) -> bytes:
    """Return a field of HPACK that neither reads nor changes the table."""
    return b"\x00" + bytes((len(name),)) + name + bytes((len(value),)) + value


_FIELDS = b"\x88" + _literal(b"content-type", b"application/grpc")  # 0x88 is `:status: 200`
_BODY = b"\0" + MESSAGE.to_bytes(4, "big") + b"x" * MESSAGE
_PARTS = (
    frame(_HEADERS, _END_HEADERS, 0, _FIELDS)[:5],
    _FIELDS + frame(_DATA, 0, 0, _BODY)[:5],
    _BODY + frame(_HEADERS, _END_HEADERS | _END_STREAM, 0, _literal(b"grpc-status", b"0"))[:5],
    _literal(b"grpc-status", b"0"),
)
"""The bytes of an answer between the three places of its stream's number."""


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._rest, self._skip, self._taken = b"", PREFACE, 0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        settings = b"\x00\x03\x00\x00\x10\x00" + b"\x00\x04\x00\xff\xff\xff"  # 4096 streams, windows of 16 MiB
        grant = frame(_WINDOW, 0, 0, (1 << 30).to_bytes(4, "big"))
        transport.write(frame(_SETTINGS, 0, 0, settings) + grant)

    def data_received(self, data: bytes) -> None:
        data, out = self._rest + data, []
        at, end = self._skip, len(data)
        one, two, three, four = _PARTS
        while at + 9 <= end:
            after = at + 9 + (data[at] << 16 | data[at + 1] << 8 | data[at + 2])
            if after > end:
                break
            kind, flags = data[at + 3], data[at + 4]
            if kind == _DATA:
                self._taken += after - at - 9
                if flags & _END_STREAM:
                    stream = data[at + 5 : at + 9]
                    out += (one, stream, two, stream, three, stream, four)
            elif kind in (_SETTINGS, _PING) and not flags & _ACK:
                out.append(frame(kind, _ACK, 0, data[at + 9 : after] if kind == _PING else b""))
            at = after
        self._rest, self._skip = data[at:], 0
        if self._taken > _GRANT:
            out.append(frame(_WINDOW, 0, 0, self._taken.to_bytes(4, "big")))
            self._taken = 0
        self._transport.write(b"".join(out))


async def serve() -> None:
    """Serve on a free port, which a line of JSON names."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1], "pid": os.getpid()}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve())
