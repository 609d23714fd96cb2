"""Calls of all four kinds over both fronts, by the clients of grpcio."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import pytest

from pretzel.client.hints import retry_after
from pretzel.data_plane.transport.front import RETRY_SECONDS
from pretzel.data_plane.transport.limits import Limits
from pretzel.errors import ExhaustedError
from tests.data_plane.transport.differences import wanted
from tests.data_plane.transport.echo import Served, grouped, path, serve
from tests.data_plane.transport.peer import Peer, message, request

SIZES = (0, 1, (16 << 10) - 6, (16 << 10) - 5, (16 << 10) - 1, 16 << 10, (16 << 10) + 1, 1 << 20)
UNARY = ("Unary", "Fast", "Compressed")
CHATS = ("Chat", "Lane", "FastLane")
MESSAGES = (
    "",
    "plain",
    "Grüße, 世界 \U0001f968",
    "100 % of %41",
    "two\nlines\r\n",
    " spaces at both ends ",
    "\x00\x7f",
    "~" * 4000,
)


def payload(size: int) -> bytes:
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


@pytest.mark.parametrize("method", UNARY)
@pytest.mark.parametrize("compression", list(grpc.Compression))
async def test_payloads_return(channel: grpc.aio.Channel, method: str, compression: grpc.Compression):
    for data in map(payload, SIZES):
        assert await channel.unary_unary(path(method))(data, compression=compression, timeout=20) == data


@pytest.mark.parametrize("method", UNARY)
async def test_large_payloads_return(channel: grpc.aio.Channel, method: str):
    data = payload(20 << 20)
    assert await channel.unary_unary(path(method))(data, timeout=60) == data


@pytest.mark.parametrize("begin", [b"at once", b"await", b"handler"])
async def test_every_way_to_a_fast_answer(channel: grpc.aio.Channel, begin: bytes):
    for size in (0, 100_000):
        assert await channel.unary_unary(path("Fast"))(begin + bytes(size), timeout=20) == begin + bytes(size)


async def test_a_message_over_the_limit(served: Served, channel: grpc.aio.Channel):
    for method in UNARY:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(path(method))(bytes(served.limits.message_bytes + 1), timeout=60)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await channel.unary_unary(path("Unary"))(b"next", timeout=20) == b"next"


async def test_messages_that_find_no_room_may_be_sent_later():
    async with serve("native", Limits(received_bytes=1 << 17)) as served, served.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(path("Unary"))(bytes(1 << 20), timeout=60)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "holds 131072 bytes of unfinished requests" in (caught.value.details() or "")
        assert retry_after(caught.value) == RETRY_SECONDS
        assert await channel.unary_unary(path("Unary"))(b"next", timeout=20) == b"next"


@pytest.mark.parametrize("by", ["abort", "set"])
async def test_statuses(channel: grpc.aio.Channel, by: str):
    trailing = [["x-one", "1"], ["x-two", "2"], ["x-one", "3"]]
    for text in MESSAGES:
        error = await failure(channel, {"by": by, "code": "ABORTED", "message": text, "trailing": trailing})
        assert (error.code(), error.details()) == (grpc.StatusCode.ABORTED, text)
        assert grouped(error.trailing_metadata()) == {"x-one": ["1", "3"], "x-two": ["2"]}


async def test_codes(channel: grpc.aio.Channel):
    for code in grpc.StatusCode:
        if code is not grpc.StatusCode.OK:
            assert (await failure(channel, {"by": "abort", "code": code.name, "message": "m"})).code() is code


async def failure(channel: grpc.aio.Channel, asked: dict[str, Any]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(path("Fail"))(json.dumps(asked).encode(), timeout=20)
    return caught.value


async def test_an_error_of_the_handler(served: Served, channel: grpc.aio.Channel):
    error = await failure(channel, {"by": "raise", "message": "secret"})
    assert error.code().name == wanted("an error of the handler", served.kind)
    assert ("secret" in (error.details() or "")) == (served.kind == "grpcio")


async def test_an_unknown_method(channel: grpc.aio.Channel):
    for name in ("/test.Echo/Nothing", "/test.Nothing/Unary", "/x", "/"):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(name)(b"", timeout=20)
        assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.UNIMPLEMENTED, "Method not found!")


HEAD = {
    "an unknown method": (request("Nothing"), 12),
    "an unknown encoding": (request("Unary", (b"grpc-encoding", b"snappy")), 12),
    "a timeout without a number": (request("Unary", (b"grpc-timeout", b"xS")), 3),
    "a deadline that has passed": (request("Slow", (b"grpc-timeout", b"0n")), 4),
}


@pytest.mark.parametrize("case", HEAD)
async def test_errors_before_a_handler_carry_the_identifier(native: Served, case: str):
    fields, status = HEAD[case]
    async with Peer.connected(native.port) as peer:
        named = await peer.call((*fields, (b"x-request-id", b"order-19")), message(b"m"))
        assert (named.status, named[b"x-request-id"]) == (status, b"order-19")
        unnamed = await peer.call(fields, message(b"m"))
        assert (unnamed.status, len(unnamed[b"x-request-id"] or b"")) == (status, 16)


async def test_an_error_of_a_shortcut_carries_the_identifier(native: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(native.front.methods.find(path("Fast").encode()), "fast", lambda *_: ExhaustedError("full"))
    async with Peer.connected(native.port) as peer:
        for name in (b"one", b"two"):
            answer = await peer.call((*request("Fast"), (b"x-request-id", name)), message(b"m"))
            assert (answer.status, answer[b"x-request-id"]) == (8, name)


async def test_a_stream_of_responses_is_in_order(channel: grpc.aio.Channel):
    for count in (0, 1, 5000):
        call = channel.unary_stream(path("Numbers"))(b"%d" % count, timeout=20)
        assert [response async for response in call] == [b"%d" % number for number in range(count)]
        assert await call.code() is grpc.StatusCode.OK


async def test_a_stream_of_requests(channel: grpc.aio.Channel):
    for sizes in ((), (0,), (0, 0, 0), (1, 70_000, 0, 3 << 20, 5)):
        answer = await channel.stream_unary(path("Count"))((bytes(size) for size in sizes), timeout=20)
        assert answer == b"%d %d" % (len(sizes), sum(sizes))


@pytest.mark.parametrize("method", CHATS)
async def test_a_conversation(channel: grpc.aio.Channel, method: str):
    call = channel.stream_stream(path(method))(timeout=20)
    for data in (b"", b"first", b"await", b"handler", payload(3 << 20)):
        await call.write(data)
        assert await call.read() == data
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("method", CHATS)
async def test_many_requests_ahead_of_their_answers(channel: grpc.aio.Channel, method: str):
    requests = [b"await %d" % i if i % 3 else payload(i * 7) for i in range(2000)]
    call = channel.stream_stream(path(method))(iter(requests), timeout=60)
    assert [response async for response in call] == requests


@pytest.mark.parametrize("method", CHATS)
async def test_a_stream_without_requests(channel: grpc.aio.Channel, method: str):
    call = channel.stream_stream(path(method))(iter(()), timeout=20)
    assert [response async for response in call] == []


async def test_an_early_status_ends_a_stream(channel: grpc.aio.Channel):
    call = channel.stream_stream(path("Early"))(timeout=20)
    await call.write(b"first")
    assert await call.read() == b"first"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        while await call.read() is not grpc.aio.EOF:
            pass
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.OUT_OF_RANGE, "one is enough")
    assert ("x-end", "early") in tuple(caught.value.trailing_metadata())


async def test_concurrent_calls_do_not_mix(channel: grpc.aio.Channel):
    async def one(i: int) -> None:
        data = payload(i * 11) + b"%d" % i
        assert await channel.unary_unary(path(UNARY[i % 3]))(data, timeout=60) == data

    await asyncio.gather(*map(one, range(600)))
