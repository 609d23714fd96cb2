"""Large compressed messages: the event loop decompresses a little per event, and a thread the rest, in order."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
import zlib
from collections import defaultdict
from typing import Any

import pytest

from pretzel.data_plane.transport import framing
from pretzel.data_plane.transport.framing import INLINE, Deframer, Packed
from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.echo import MESSAGE_BYTES, Served, limited
from tests.data_plane.transport.peer import DATA, END_STREAM, Peer, frame, message, request
from tests.data_plane.transport.waits import until

EXHAUSTED, INTERNAL, UNAVAILABLE = 8, 13, 14
GZIP, DEFLATE = ((b"grpc-encoding", name) for name in (b"gzip", b"deflate"))
LARGE = os.urandom(1 << 10) * 5000
STREAMS = ("Chat", "Lane", "FastLane")


def zipped(body: bytes) -> bytes:
    return message(gzip.compress(body, 1), 1)


class Watched:
    """Counts the decompressed bytes of each thread, and those of the largest single event of the main thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes: dict[bool, int] = defaultdict(int)
        self.event = self.largest = 0
        real, feed = zlib.decompressobj, Deframer.feed

        def begin(deframer: Deframer, data: bytes) -> list[bytes]:
            self.event = 0
            return feed(deframer, data)

        class Counting:
            def __init__(counting, wbits: int) -> None:
                counting.inner = real(wbits)

            def decompress(counting, data: bytes, most: int) -> bytes:
                out: bytes = counting.inner.decompress(data, most)
                self._count(len(out))
                return out

            def __getattr__(counting, name: str) -> Any:
                return getattr(counting.inner, name)

        monkeypatch.setattr(framing.zlib, "decompressobj", Counting)
        monkeypatch.setattr(Deframer, "feed", begin)

    def _count(self, size: int) -> None:
        main = threading.current_thread() is threading.main_thread()
        self.bytes[main] += size
        if main:
            self.event += size
            self.largest = max(self.largest, self.event)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


@pytest.mark.parametrize("method", ["Unary", "Fast", "Count", *STREAMS])
@pytest.mark.parametrize("encoding", [GZIP, DEFLATE], ids=["gzip", "deflate"])
async def test_a_large_message_arrives(served: Served, method: str, encoding: tuple[bytes, bytes]):
    packed = gzip.compress(LARGE, 1) if encoding is GZIP else zlib.compress(LARGE, 1)
    async with bystander(served), Peer.connected(served.port) as peer:
        answer = await peer.call(request(method, encoding), message(packed, 1))
    assert answer.status == 0
    found = gzip.decompress(answer.data[5:]) if answer.data[0] else answer.data[5:]
    assert found == (b"1 %d" % len(LARGE) if method == "Count" else LARGE)


async def test_the_thread_decompresses_what_is_large(native: Served, watched: Watched):
    async with Peer.connected(native.port) as peer:
        answer = await peer.call(request("Count", GZIP), zipped(LARGE) * 2 + zipped(b"small"))
    assert answer.data == message(b"3 %d" % (2 * len(LARGE) + 5))
    assert watched.largest <= INLINE + 1
    assert watched.bytes[False] >= 2 * len(LARGE)


@pytest.mark.parametrize("method", STREAMS)
async def test_order(native: Served, watched: Watched, method: str):
    """Small messages behind a large one wait, whether they are compressed or not, and in whichever event they come."""
    bodies = [b"one", b"await two", LARGE[: 1 << 20], b"three", b"handler", LARGE[: 1 << 18], b"", b"end"]
    async with Peer.connected(native.port) as peer:
        stream = peer.open(request(method, GZIP), end=False)
        for i, body in enumerate(bodies):
            peer.engine.send_data(stream, zipped(body) if i % 2 == 0 else message(body))
            peer.flush()
            await asyncio.sleep(0)
        peer.engine.send_data(stream, b"", end_stream=True)
        answer = await peer.answer(stream)
    assert answer.status == 0
    assert messages_in(answer.data) == bodies
    assert watched.largest <= INLINE + 1


def messages_in(data: bytes) -> list[bytes]:
    found = Deframer(b"gzip", 1 << 30).feed(bytes(data))
    return [gzip.decompress(each) if isinstance(each, Packed) else each for each in found]


async def test_many_small_messages_of_one_frame_are_bounded_together(native: Served, watched: Watched):
    one = zipped(bytes(20_000))
    async with Peer.connected(native.port) as peer:
        answer = await peer.call(request("Count", GZIP), one * 300)
    assert answer.data == message(b"300 6000000")
    assert watched.largest <= INLINE + 1


@pytest.mark.parametrize("method", ["Unary", "Fast", "Count", *STREAMS])
async def test_a_bomb_is_rejected(served: Served, method: str):
    """One that unpacks to more than the limit, though its first bytes are valid."""
    async with bystander(served), Peer.connected(served.port) as peer:
        answer = await peer.call(request(method, GZIP), zipped(bytes(MESSAGE_BYTES + 1)))
        assert answer.status == EXHAUSTED
        assert await peer.is_served()


@pytest.mark.parametrize("method", ["Unary", "Count", "Lane"])
async def test_damage_behind_the_first_bytes(served: Served, method: str):
    packed = bytearray(gzip.compress(LARGE, 1))
    packed[-6] ^= 1
    async with Peer.connected(served.port) as peer:
        answer = await peer.call(request(method, GZIP), message(bytes(packed), 1))
        assert answer.status == INTERNAL
        assert await peer.is_served()


class Held:
    """Holds the thread that decompresses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.release, self.begun = threading.Event(), 0
        unpack = Deframer.unpack

        def held(deframer: Deframer, packed: Packed) -> bytes:
            self.begun += 1
            assert self.release.wait(20)
            return unpack(deframer, packed)

        monkeypatch.setattr(Deframer, "unpack", held)


async def test_a_call_that_ends_while_its_message_is_decompressed(monkeypatch: pytest.MonkeyPatch):
    held = Held(monkeypatch)
    async with limited() as served, bystander(served), Peer.connected(served.port) as peer:
        for method in ("Unary", "Chat", "Lane"):
            stream = peer.open(request(method, GZIP), zipped(LARGE))
            late = peer.open(request(method, GZIP, (b"grpc-timeout", b"50m")), zipped(LARGE))
            assert (await peer.status(late)).status == 4
            peer.engine.reset_stream(stream)
            assert await peer.is_served()
        held.release.set()
        await until(lambda: served.front._held == 0)
        assert (await peer.call(request("Unary", GZIP), zipped(LARGE))).status == 0


async def test_bytes_that_wait_are_counted(monkeypatch: pytest.MonkeyPatch):
    """Compressed while they wait, and decompressed once they are; too many of all calls are rejected."""
    held = Held(monkeypatch)
    packed = zipped(LARGE)
    async with limited(received_bytes=len(LARGE) + len(packed)) as served, Peer.connected(served.port) as peer:
        streams = [peer.open(request("Unread", GZIP), packed, end=False) for _ in range(2)]
        peer.flush()
        await peer.read_until(lambda: served.front._held >= 2 * (len(packed) - 5))
        held.release.set()
        await peer.until(lambda: any(peer.answers[stream].status == EXHAUSTED for stream in streams))
        served.echo.release.set()
    assert served.front._held == 0


@pytest.mark.parametrize("method", ["Unary", "Lane", "FastLane"])
async def test_a_drain_answers_what_is_decompressed(monkeypatch: pytest.MonkeyPatch, method: str):
    held = Held(monkeypatch)
    async with limited() as served, Peer.connected(served.port) as peer:
        stream = peer.open(request(method, GZIP), zipped(LARGE[: 1 << 20]), end=method == "Unary")
        peer.flush()
        await peer.read_until(lambda: held.begun == 1)
        drain = asyncio.create_task(served.front.drain(20))
        await peer.read_until(lambda: peer.goodbye.codes)
        held.release.set()
        answer = await peer.status(stream)
        assert messages_in(answer.data) == [LARGE[: 1 << 20]]
        assert answer.status == (0 if method == "Unary" else UNAVAILABLE)
        peer.send(frame(DATA, END_STREAM, stream)) if method != "Unary" else None
        await drain
