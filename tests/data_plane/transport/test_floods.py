"""Peers that send too much: each is bounded, others are served, and nothing of it is kept."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest

from pretzel.data_plane.transport import life, listening
from pretzel.data_plane.transport.limits import Limits
from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.echo import Served, serve
from tests.data_plane.transport.peer import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Peer,
    frame,
    message,
    request,
)
from tests.data_plane.transport.waits import until

CANCEL = struct.pack(">I", 8)


@pytest.fixture
async def flooded(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(listening, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(life, "ROUND_TRIP_SECONDS", 0.05)
    async with serve("native", Limits(stall_seconds=0.5, idle_seconds=2)) as served:
        yield served
        await until(lambda: not served.calls and served.front._held == 0)


def literal(name: bytes, value: bytes) -> bytes:
    """Return a header field that no table holds."""
    assert len(name) < 127 and len(value) < 127
    return bytes([0x10, len(name)]) + name + bytes([len(value)]) + value


async def test_rapid_reset(flooded: Served):
    """Open and reset 10,000 streams, on as many connections as that takes."""
    left, connections = 10_000, 0
    async with bystander(flooded):
        while left > 0:
            connections += 1
            async with Peer.connected(flooded.port) as peer:
                while left > 0 and not peer.closed and not peer.goodbye.codes:
                    for _ in range(100):
                        stream = peer.open(request("Slow"), message(b"a"))
                        peer.engine.reset_stream(stream)
                    left -= 100
                    peer.flush()
                    await asyncio.sleep(0)
                    if not peer.goodbye.codes and left % 1000 == 0:
                        peer.send(frame(PING, 0, 0, bytes(8)))
                        await peer.read()
    assert connections <= 10
    assert not flooded.echo.started.is_set()


async def test_calls_that_run_and_are_reset(flooded: Served):
    """Each handler starts and is cancelled, so that no work outlasts its client."""
    async with bystander(flooded), Peer.connected(flooded.port) as peer:
        for _ in range(900):
            stream = peer.open(request("Slow"), message(b"a"))
            peer.flush()
            peer.engine.reset_stream(stream)
            peer.flush()
        assert await peer.is_served()
    await until(lambda: not flooded.calls)


FLOODS = {
    "SETTINGS": (lambda: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)), 20_000),
    "PING": (lambda: frame(PING, 0, 0, bytes(8)), 20_000),
    "acknowledged SETTINGS": (lambda: frame(SETTINGS, ACK, 0), 20_000),
    "WINDOW_UPDATE": (lambda: frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)), 20_000),
    "RST_STREAM of idle streams": (lambda: frame(RST_STREAM, 0, 101, CANCEL), 100),
    "unknown frames": (lambda: frame(0x7F, 0, 0, bytes(100)), 20_000),
}


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("reads", [True, False])
async def test_floods_of_frames(flooded: Served, name: str, reads: bool):
    made, times = FLOODS[name]
    async with bystander(flooded) as other, Peer.connected(flooded.port) as peer:
        reading = asyncio.create_task(peer.until(lambda: False)) if reads else None
        data = made() * 50
        for _ in range(times // 50 + 1):
            peer.send(data)
            await asyncio.sleep(0)
        seen = other.calls
        await until(lambda: other.calls > seen + 5)
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_a_flood_of_empty_data_ends_the_connection(flooded: Served):
    async with bystander(flooded), Peer.connected(flooded.port) as peer:
        stream = peer.open(request("Count"), end=False)
        peer.flush()
        for _ in range(400):
            peer.send(frame(DATA, 0, stream) * 50)
            await asyncio.sleep(0)
        await peer.until(lambda: peer.goodbye.codes)
        assert peer.closed or peer.goodbye.codes[-1] == 0xB


async def test_a_flood_of_continuations_ends_the_connection(flooded: Served):
    async with bystander(flooded), Peer.connected(flooded.port) as peer:
        peer.send(frame(HEADERS, 0, 1, literal(b"x-a", b"1")))
        for i in range(200):
            peer.send(frame(CONTINUATION, 0, 1, literal(b"x-%d" % i, b"1")))
        await peer.until(lambda: peer.goodbye.codes)
        assert peer.closed or peer.goodbye.codes


async def test_a_huge_header_list_ends_no_more_than_its_connection(flooded: Served):
    block = b"".join(literal(b"x-%d" % i, bytes([97]) * 100) for i in range(3000))
    async with bystander(flooded), Peer.connected(flooded.port) as peer:
        peer.send(frame(HEADERS, 0, 1, block[:16_000]))
        for at in range(16_000, len(block), 16_000):
            last = at + 16_000 >= len(block)
            peer.send(frame(CONTINUATION, END_HEADERS if last else 0, 1, block[at : at + 16_000]))
        await peer.until(lambda: peer.goodbye.codes)
        assert peer.closed or peer.goodbye.codes


@pytest.mark.parametrize("method", ["Unread", "Lane", "FastLane"])
async def test_a_flood_of_empty_messages_is_bounded(flooded: Served, method: str):
    """Each takes five bytes on the wire, and none of its own."""
    async with bystander(flooded), Peer.connected(flooded.port, {4: 0}) as peer:
        stream = peer.open(request(method), end=False)
        peer.flush()
        for _ in range(100):
            peer.send(frame(DATA, 0, stream, bytes(5) * 3200))
            await asyncio.sleep(0)
            assert all(len(call.inbox) <= 1 << 18 for call in flooded.calls)
        peer.engine.reset_stream(stream)
        peer.flush()
        await until(lambda: not [call for call in flooded.calls if call.method.takes_many])


BAD_STARTS = {
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "garbage": bytes(range(256)) * 4,
    "TLS": bytes([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]) + bytes(500),
    "a frame before SETTINGS": PREFACE + frame(PING, 0, 0, bytes(8)),
    "a frame that is too long": PREFACE + frame(SETTINGS, 0, 0) + frame(PING, 0, 0, bytes(20_000)),
    "DATA of stream 0": PREFACE + frame(SETTINGS, 0, 0) + frame(DATA, 0, 0, b"a"),
    "an invalid header block": PREFACE
    + frame(SETTINGS, 0, 0)
    + frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff"),
    "an even stream": PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 2, literal(b"x-a", b"1")),
    "a window beyond 2^31": PREFACE + frame(SETTINGS, 0, 0) + frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"),
}


@pytest.mark.parametrize("name", BAD_STARTS)
async def test_violations_end_the_connection_at_once(flooded: Served, name: str):
    async with bystander(flooded):
        reader, writer = await asyncio.open_connection("127.0.0.1", flooded.port)
        writer.write(BAD_STARTS[name])
        async with asyncio.timeout(1.5):  # before any limit of time
            while await read(reader):
                pass
        writer.close()
    await until(lambda: not flooded.front.connections)


async def test_a_stream_window_beyond_the_limit(flooded: Served):
    """libnghttp2 ends the connection for it, as RFC 9113 5.4 allows."""
    async with bystander(flooded), Peer.connected(flooded.port) as peer:
        stream = peer.open(request("Chat"), message(b"a"), end=False)
        peer.flush()
        await peer.until(lambda: peer.answers[stream].data)
        peer.send(frame(WINDOW_UPDATE, 0, stream, b"\x7f\xff\xff\xff"))
        await peer.until(lambda: peer.closed)
        assert peer.goodbye.codes == [3]


@pytest.mark.parametrize("sent", [PREFACE[:10], PREFACE, PREFACE + frame(SETTINGS, 0, 0)[:5], b""])
async def test_peers_that_never_greet_are_closed(monkeypatch: pytest.MonkeyPatch, sent: bytes):
    monkeypatch.setattr(listening, "TICK_SECONDS", 0.02)
    async with serve("native", Limits(handshake_seconds=0.1)) as served, bystander(served):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(sent)
        async with asyncio.timeout(10):
            while await read(reader):
                pass
        writer.close()


async def read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(1 << 16)
    except ConnectionResetError:
        return b""
