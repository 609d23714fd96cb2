"""The native front: frames of a peer after its preface, in two segments, then the loss of the connection."""

from __future__ import annotations

import asyncio
import gzip
import time
from typing import Any

import ngh2

from pretzel.data_plane.transport.connection import Connection
from pretzel.data_plane.transport.front import NativeFront
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods
from tests.data_plane.transport.echo import Echo
from tests.data_plane.transport.peer import (
    DATA,
    END_STREAM,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    message,
    request,
)
from tests.fuzz.forms import Form

HEADER = 9
METHODS = ("Unary", "Fast", "Slow", "Count", "Chat", "Lane", "FastLane", "Early", "Endless", "Nothing")
LIMITS = Limits(message_bytes=1 << 16, received_bytes=1 << 18, output_bytes=1 << 14, stream_output_bytes=1 << 12)
TURNS = 20
"""Turns of the event loop in which everything that the peer started must end."""


def _parse(data: bytes) -> list[list[Any]]:
    frames, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 3], "big")
        end = at + HEADER + size
        if end > len(data):
            raise ValueError("truncated frame")
        stream = int.from_bytes(data[at + 5 : at + HEADER], "big")
        frames.append([data[at + 3], data[at + 4], stream, data[at + HEADER : end]])
        at = end
    return frames


def _write(frames: Any) -> bytes:
    return b"".join(frame(kind & 0xFF, flags & 0xFF, stream & 0xFFFFFFFF, load) for kind, flags, stream, load in frames)


FORM = Form(_parse, _write)


def seeds() -> list[bytes]:
    return [*map(_call, METHODS), _compressed(), b"".join(_frames())]


def _engine() -> ngh2.Connection:
    engine = ngh2.Connection(ngh2.Role.CLIENT)
    engine.initiate_connection({})
    engine.data_to_send()
    return engine


def _call(method: str) -> bytes:
    engine = _engine()
    body = message(b"await a") + message(b"handler") if method not in ("Unary", "Fast", "Slow") else message(b"a")
    metadata = ((b"x-a-bin", b"YQ"), (b"grpc-timeout", b"20S"), (b"grpc-accept-encoding", b"gzip"))
    stream = engine.send_request(request(method, *metadata))
    engine.send_data(stream, body[:3])
    first = engine.data_to_send()
    engine.send_data(stream, body[3:], end_stream=True)
    return first + engine.data_to_send()


def _compressed() -> bytes:
    engine = _engine()
    stream = engine.send_request(request("Chat", (b"grpc-encoding", b"gzip")))
    engine.send_data(stream, message(gzip.compress(bytes(100)), 1), end_stream=True)
    return engine.data_to_send()


def _frames() -> list[bytes]:
    return [
        _call("Chat"),
        frame(PING, 0, 0, bytes(8)),
        frame(SETTINGS, 0, 0, b"\0\4\0\0\0\5"),
        frame(WINDOW_UPDATE, 0, 1, b"\0\0\1\0"),
        frame(DATA, END_STREAM, 1),
        frame(RST_STREAM, 0, 1, b"\0\0\0\10"),
    ]


class Socket(asyncio.Transport):
    """A transport that takes everything until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0


def run(data: bytes) -> None:
    faults: list[dict[str, Any]] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    try:
        loop.run_until_complete(_serve(data))
    finally:
        loop.close()
    assert not faults, faults


async def _serve(data: bytes) -> None:
    echo = Echo()
    methods = Methods(shortcuts=echo.shortcuts())
    echo.register(methods)
    served = NativeFront(methods, LIMITS)
    connection = Connection(served)
    connection.connection_made(Socket())
    half = len(data) // 2
    for segment in (PREFACE + frame(SETTINGS, 0, 0), data[:half], data[half:]):
        if not connection.transport.is_closing():
            connection.data_received(segment)
            await asyncio.sleep(0)
    connection.life.tick(time.monotonic() + 1)
    connection.connection_lost(None)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert not connection.calls
    assert not served.connections
    assert served._held == 0
    assert len(asyncio.all_tasks()) == 1, "work outlasts its connection"
