"""Answers that clients do not read: handed over piece by piece, bounded in bytes, and freed."""

from __future__ import annotations

import grpc
import pytest

from pretzel.client.hints import retry_after
from pretzel.data_plane.transport.framing import PARTED
from pretzel.data_plane.transport.front import RETRY_SECONDS
from pretzel.data_plane.transport.outgoing import PIECE
from tests.data_plane.transport.echo import Served, connections, limited, path
from tests.data_plane.transport.peer import Peer, message, request
from tests.data_plane.transport.waits import until

EXHAUSTED = 8
MIB = 1 << 20
CLOSED = {4: 0}
"""A client's window for each stream that lets nothing through."""
WAYS = ("Unary", "Fast", "Chat", "FastLane")
"""A handler, a shortcut, and streams of both kinds."""


def body(size: int, salt: int = 0) -> bytes:
    return bytes((i * 7 + salt) % 251 for i in range(1009)) * (size // 1009 + 1)


async def held(served: Served, peer: Peer, size: int) -> None:
    await peer.read_until(lambda: served.front.unsent >= size)


@pytest.mark.parametrize("name", WAYS)
async def test_the_engine_gets_an_unread_answer_piece_by_piece(name: str):
    async with limited() as served, Peer.connected(served.port, CLOSED) as peer:
        sent = body(3 * MIB)
        stream = peer.open(request(name), message(sent))
        peer.flush()
        await held(served, peer, 3 * MIB)
        (connection,) = await connections(served, 1)
        assert connection.engine.queued_body_size() <= 2 * PIECE
        peer.engine.update_settings({4: MIB})
        answer = await peer.answer(stream)
        assert answer.data == message(sent)
        assert answer.status == 0
        assert served.front.unsent == 0


@pytest.mark.parametrize("name", ["Chat", "FastLane"])
async def test_large_and_small_answers_of_a_stream_keep_their_order(name: str):
    sizes = [10, PARTED, 5, 2 * PARTED + 1, PARTED - 1, 0, PARTED]
    sent = b"".join(message(body(size, i)[:size]) for i, size in enumerate(sizes))
    async with limited() as served, Peer.connected(served.port) as peer:
        answer = await peer.call(request(name), sent)
        assert answer.data == sent
        assert answer.status == 0


async def test_an_error_after_a_large_answer_follows_it():
    async with limited() as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("Early"), message(body(MIB)), end=False)
        answer = await peer.status(stream)
        assert answer.status == grpc.StatusCode.OUT_OF_RANGE.value[0]
        assert answer.data == message(body(MIB))


@pytest.mark.parametrize("begin", [b"at once", b"await", b"handler"])
async def test_one_connection_leaves_no_more_than_its_share_unread(begin: bytes):
    async with limited(message_bytes=MIB, received_bytes=4 * MIB) as served:
        async with Peer.connected(served.port, CLOSED) as peer:
            sent = message(begin + bytes(600_000))
            first = peer.open(request("Fast"), sent)
            peer.flush()
            await held(served, peer, 600_000)
            second = await peer.call(request("Fast"), sent)
            assert second.status == EXHAUSTED
            assert "this connection holds 1048576 bytes" in second.text
            peer.engine.update_settings({4: MIB})
            assert (await peer.answer(first)).data == sent
            assert (await peer.call(request("Fast"), sent)).data == sent


async def test_all_connections_leave_no_more_than_the_limit_unread():
    async with limited(message_bytes=MIB, received_bytes=3 * MIB) as served:
        sent = message(bytes(900_000))
        async with Peer.connected(served.port, CLOSED) as one, Peer.connected(served.port, CLOSED) as other:
            for peer in (one, other):
                before = served.front.unsent
                peer.open(request("Unary"), sent)
                peer.flush()
                await held(served, peer, before + 900_000)
            async with served.channel() as channel:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await channel.unary_unary(path("Unary"))(bytes(800_000), timeout=20)
                assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                assert "this worker holds 3145728 bytes" in (caught.value.details() or "")
                assert retry_after(caught.value) == RETRY_SECONDS
                assert await channel.unary_unary(path("Unary"))(b"small", timeout=20) == b"small"
        await until(lambda: served.front.unsent == 0)
        async with served.channel() as channel:
            assert await channel.unary_unary(path("Unary"))(bytes(900_000), timeout=20) == bytes(900_000)


async def test_an_answer_of_a_call_that_is_reset_is_freed():
    async with limited() as served, Peer.connected(served.port, CLOSED) as peer:
        streams = [peer.open(request(name), message(body(MIB))) for name in WAYS]
        peer.flush()
        await held(served, peer, 4 * MIB)
        for stream in streams:
            peer.engine.reset_stream(stream)
        peer.flush()
        await peer.read_until(lambda: served.front.unsent == 0)
        peer.engine.update_settings({4: MIB})
        assert await peer.is_served()


async def test_an_answer_for_a_client_that_went_away_is_freed():
    async with limited() as served:
        async with Peer.connected(served.port, CLOSED) as peer:
            for name in ("Unary", "Slow"):
                peer.open(request(name), message(body(MIB)))
            peer.flush()
            await held(served, peer, MIB)
        await until(lambda: not served.front.connections)
        served.echo.release.set()
        await until(lambda: served.front.unsent == served.front._held == 0)


async def test_a_message_is_counted_until_it_is_answered():
    async with limited() as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("Slow"), message(bytes(MIB)))
        peer.flush()
        await peer.read_until(served.echo.started.is_set)
        assert served.front._held == MIB
        served.echo.release.set()
        assert (await peer.answer(stream)).status == 0
        assert served.front._held == 0
