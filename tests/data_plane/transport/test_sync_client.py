"""The blocking client of grpcio against both fronts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import TypeVar

import grpc
import pytest

from tests.data_plane.transport.echo import CLIENT, Served, path

T = TypeVar("T")


@pytest.fixture
def blocking(served: Served) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(served.target, options=CLIENT) as channel:
        yield channel


async def run(work: Callable[[], T]) -> T:
    """Run a blocking client while the loop serves it."""
    return await asyncio.wait_for(asyncio.to_thread(work), 60)


async def test_unary_calls(blocking: grpc.Channel):
    for method in ("Unary", "Fast", "Compressed"):
        for size in (0, 1, 70_000, 5 << 20):
            answer, call = await run(
                lambda method=method, size=size: blocking.unary_unary(path(method)).with_call(bytes(size), timeout=20)
            )
            assert (answer, call.code()) == (bytes(size), grpc.StatusCode.OK)


async def test_metadata(blocking: grpc.Channel):
    sent = (("x-text", "a b"), ("x-bytes-bin", bytes(range(256))), ("x-text", "again"))

    def work():
        return blocking.unary_unary(path("Metadata")).with_call(b"", metadata=sent, timeout=20)

    _, call = await run(work)
    for received in (call.initial_metadata(), call.trailing_metadata()):
        assert [tuple(pair) for pair in received] == list(sent)


async def test_a_failure(blocking: grpc.Channel):
    asked = json.dumps({"by": "abort", "message": "nö", "trailing": [["x-a", "b"]]}).encode()
    with pytest.raises(grpc.RpcError) as caught:
        await run(lambda: blocking.unary_unary(path("Fail"))(asked, timeout=20))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "nö"
    assert [tuple(pair) for pair in caught.value.trailing_metadata()] == [("x-a", "b")]


async def test_streams(blocking: grpc.Channel):
    requests = [b"%d" % i for i in range(500)]
    numbers = await run(lambda: list(blocking.unary_stream(path("Numbers"))(b"500", timeout=20)))
    assert numbers == requests
    assert await run(lambda: blocking.stream_unary(path("Count"))(iter(requests), timeout=20)) == b"500 1390"
    for method in ("Chat", "Lane", "FastLane"):
        answers = await run(
            lambda method=method: list(blocking.stream_stream(path(method))(iter(requests), timeout=20))
        )
        assert answers == requests


async def test_a_cancelled_call(served: Served, blocking: grpc.Channel):
    future = blocking.unary_unary(path("Slow")).future(b"", timeout=60)
    await asyncio.wait_for(served.echo.started.wait(), 20)
    future.cancel()
    await asyncio.wait_for(served.echo.stopped.wait(), 20)
    assert future.cancelled()


async def test_an_early_status_while_the_client_still_sends(blocking: grpc.Channel):
    call = blocking.stream_stream(path("Early"))((bytes(60_000) for _ in range(200)), timeout=20)
    with pytest.raises(grpc.RpcError) as caught:
        await run(lambda: list(call))
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.OUT_OF_RANGE, "one is enough")
    assert ("x-end", "early") in [tuple(pair) for pair in caught.value.trailing_metadata()]
    assert await run(lambda: blocking.unary_unary(path("Unary"))(b"next", timeout=20)) == b"next"
