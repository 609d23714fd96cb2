"""The bytes of valid calls, cut and joined in every way that TCP and HTTP/2 allow."""

from __future__ import annotations

import asyncio
import gzip
import random

import pytest

from tests.data_plane.transport.echo import Served
from tests.data_plane.transport.peer import DATA, END_STREAM, Peer, frame, message, padded, request

GZIP = (b"grpc-encoding", b"gzip")
CONVERSATION = [b"", b"one", b"await two", b"handler", bytes(300)]
BODY = b"".join(map(message, CONVERSATION))
METHODS = ("Unary", "Fast", "Chat", "Lane", "FastLane")


async def test_requests_cut_at_every_byte(served: Served):
    """Cut the whole connection, preface and SETTINGS included, at each of its bytes."""
    async with Peer.connected(served.port) as probe:
        total = len(request_bytes(probe, "Unary"))
    for at in range(1, total, 32):
        cuts = range(at, min(at + 32, total))
        await asyncio.gather(*(check_cut(served, METHODS[cut % len(METHODS)], [cut]) for cut in cuts))


@pytest.mark.parametrize("method", METHODS)
async def test_requests_byte_by_byte(served: Served, method: str):
    await check_cut(served, method, range(1, 400))


def request_bytes(peer: Peer, method: str) -> bytes:
    peer.open(request(method, (b"x-a", b"1")), message(b"await it"))
    return peer.queued()


async def check_cut(served: Served, method: str, cuts: range | list[int]) -> None:
    async with Peer.connected(served.port) as peer:
        data = request_bytes(peer, method)
        await peer.send_cut(data, [cut for cut in cuts if cut < len(data)])
        answer = await peer.answer(1)
        assert (answer.status, answer.data) == (0, message(b"await it"))


@pytest.mark.parametrize("method", ["Chat", "Lane", "FastLane"])
async def test_data_frames_cut_at_every_byte(served: Served, method: str):
    await check_frames(served, method, [[BODY[:cut], BODY[cut:]] for cut in range(1, len(BODY))])


@pytest.mark.parametrize("method", ["Chat", "Lane", "FastLane"])
async def test_data_frames_of_any_sizes(served: Served, method: str):
    draw = random.Random(1)
    bodies = [[BODY[i : i + 1] for i in range(len(BODY))]]
    for _ in range(50):
        cuts = sorted(draw.choices(range(len(BODY) + 1), k=draw.randrange(12)))
        bodies.append([BODY[a:b] for a, b in zip([0, *cuts], [*cuts, len(BODY)], strict=True)])
    await check_frames(served, method, bodies)


async def check_frames(served: Served, method: str, bodies: list[list[bytes]]) -> None:
    """Send a call for each list of pieces, a frame for each piece."""
    for at in range(0, len(bodies), 50):
        async with Peer.connected(served.port) as peer:
            streams = [send_frames(peer, method, pieces) for pieces in bodies[at : at + 50]]
            for stream in streams:
                answer = await peer.answer(stream)
                assert (answer.status, answer.data) == (0, BODY)


def send_frames(peer: Peer, method: str, pieces: list[bytes]) -> int:
    stream = peer.open(request(method), end=False)
    peer.flush()
    for piece in pieces:
        peer.engine.send_data(stream, piece)
        peer.flush()
    peer.engine.send_data(stream, b"", end_stream=True)
    peer.flush()
    return stream


@pytest.mark.parametrize("method", METHODS)
async def test_padded_data(native: Served, method: str):
    """Not over both fronts: grpcio rejects padding, which RFC 9113 6.1 allows."""
    body = message(b"await padded")
    async with Peer.connected(native.port) as peer:
        for padding in (0, 1, 255):
            stream = peer.open(request(method), end=False)
            peer.flush()
            peer.send(padded(stream, body[:3], padding) + padded(stream, b"", padding))
            peer.send(padded(stream, body[3:], padding, END_STREAM))
            await peer.until(lambda stream=stream: peer.answers[stream].status is not None)
            assert peer.answers[stream].data == body


async def test_padding_is_acknowledged(native: Served):
    """Send more padding than the window holds: a front that forgets it would stop."""
    async with Peer.connected(native.port) as peer:
        assert await peer.is_served()  # and has acknowledged the windows of the server
        stream = peer.open(request("Count"), end=False)
        peer.flush()
        for _ in range(6):  # libnghttp2 bears 10,000 empty frames
            for _ in range(1000):
                peer.send(padded(stream, b"", 255))
            assert await peer.is_served()
        peer.send(frame(DATA, END_STREAM, stream))
        await peer.until(lambda: peer.answers[stream].status is not None)
        assert peer.answers[stream].data == message(b"0 0")


@pytest.mark.parametrize("method", METHODS)
async def test_trailers_of_the_client_end_its_requests(served: Served, method: str):
    async with Peer.connected(served.port) as peer:
        stream = peer.open(request(method), message(b"before"), end=False)
        peer.engine.send_trailers(stream, ((b"x-late", b"1"),))
        answer = await peer.answer(stream)
        assert (answer.status, answer.data) == (0, message(b"before"))


@pytest.mark.parametrize("method", ["Chat", "Lane", "FastLane"])
async def test_compressed_and_plain_messages_in_turn(served: Served, method: str):
    packed = message(gzip.compress(b"packed"), 1)
    body = packed + message(b"plain") + packed + message(b"")
    async with Peer.connected(served.port) as peer:
        answer = await peer.call(request(method, GZIP), body)
        assert answer.data == b"".join(map(message, (b"packed", b"plain", b"packed", b"")))


async def test_many_calls_in_one_segment(served: Served):
    async with Peer.connected(served.port) as peer:
        bodies = {peer.open(request(METHODS[i % 5]), message(b"%d" % i)): message(b"%d" % i) for i in range(100)}
        for stream, body in bodies.items():
            answer = await peer.answer(stream)
            assert (answer.status, answer.data) == (0, body)
