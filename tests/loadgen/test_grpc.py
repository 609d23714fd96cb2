"""The transports of gRPC against both fronts: answers, failures, large messages, lost connections."""

from __future__ import annotations

import asyncio
import json
import math

import pytest

from pretzel.errors import UnavailableError
from pretzel.loadgen.schedule import Load
from tests.data_plane.transport.echo import Served, limited, serve
from tests.loadgen.echoing import TRANSPORTS, request, run, transport_to

OPEN = Load(seconds=0.2, warm_up=0, rate=1000, arrivals="even", timeout=20)
CLOSED = Load(seconds=0.2, warm_up=0, callers=5, timeout=20)


@pytest.fixture(params=["native", "grpcio"])
async def served(request: pytest.FixtureRequest):
    async with serve(request.param) as served:
        yield served


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_every_call_is_answered(served: Served, kind: str):
    requests = [request("Unary"), request("Unary", b"x" * 300_000, 10)]
    tally = await run(transport_to(served.port, kind), requests, OPEN)
    assert tally.statuses == {"OK": 200}
    assert served.echo.calls == 200
    small, large = (len(tally.by_rows()[rows]) for rows in (1, 10))
    assert small + large == 200 and tally.rows == small + 10 * large
    assert len(tally.late) == 200 and 0 < tally.latency().quantile(0.5) <= tally.latency().longest


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_callers_wait_for_their_answers(served: Served, kind: str):
    tally = await run(transport_to(served.port, kind), [request("Unary")], CLOSED)
    assert tally.statuses.keys() == {"OK"} and tally.answers >= 5
    assert served.echo.calls == tally.answers


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_failures_are_counted_by_status(served: Served, kind: str):
    fail = json.dumps({"by": "abort", "code": "RESOURCE_EXHAUSTED", "message": "völlig voll"}).encode()
    tally = await run(
        transport_to(served.port, kind), [request("Fail", fail), request("Unary"), request("Missing")], OPEN
    )
    assert tally.statuses.keys() == {"OK", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED"}
    assert tally.statuses.total() == 200 and tally.failures == len(tally.failed) == 200 - tally.answers
    assert tally.messages["RESOURCE_EXHAUSTED"] == "völlig voll"


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_a_server_that_hangs_ends_the_run_in_bounded_time(served: Served, kind: str):
    load = Load(seconds=0.2, warm_up=0, rate=100, arrivals="even", timeout=0.3)
    async with asyncio.timeout(10):
        tally = await run(transport_to(served.port, kind, timeout=0.3), [request("Slow")], load)
    assert tally.statuses == {"DEADLINE_EXCEEDED": 20}
    assert tally.latency().quantile(0.5, missing=20) == math.inf


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_a_stall_counts_for_every_call_that_was_due_in_it(served: Served, kind: str):
    # A loop that waits for answers would have one slow call per caller.
    load = Load(seconds=0.6, warm_up=0, rate=100, arrivals="even", timeout=20)
    asyncio.get_running_loop().call_later(0.7, served.echo.release.set)
    tally = await run(transport_to(served.port, kind), [request("Slow")], load)
    histogram = tally.latency()
    assert tally.statuses == {"OK": 60}
    assert len(histogram) - histogram.within(0.2) >= 45  # those that were due 0.25 s before the end of the stall
    assert histogram.longest >= 0.6


async def test_calls_beyond_the_limit_wait_and_their_wait_counts(served: Served):
    load = Load(seconds=0.3, warm_up=0, rate=100, arrivals="even", timeout=20, outstanding=3)
    asyncio.get_running_loop().call_later(0.5, served.echo.release.set)
    tally = await run(transport_to(served.port), [request("Slow")], load)
    assert tally.statuses == {"OK": 30} and tally.held > 0
    assert tally.late.quantile(0.5) >= 0.2  # only three were sent before


async def test_calls_that_wait_past_their_deadline_are_not_sent():
    async with serve("native") as served:
        load = Load(seconds=0.2, warm_up=0, rate=100, arrivals="even", timeout=0.4, outstanding=2)
        tally = await run(transport_to(served.port, timeout=0.4), [request("Slow")], load)
    assert tally.statuses == {"DEADLINE_EXCEEDED": 20}
    assert 0 < tally.unsent <= 18


async def test_the_limit_of_the_server_counts_as_waiting():
    async with limited(streams=2) as served:
        tally = await run(transport_to(served.port), [request("Unary")], OPEN)
        assert tally.statuses == {"OK": 200}


async def test_more_callers_than_the_server_allows():
    async with limited(streams=2) as served:
        load = Load(seconds=0.2, warm_up=0, callers=20, timeout=20)
        assert (await run(transport_to(served.port), [request("Unary")], load)).statuses.keys() == {"OK"}


async def test_warm_up_is_sent_and_not_counted():
    async with serve("native") as served:
        load = Load(seconds=0.1, warm_up=0.3, rate=1000, arrivals="even", timeout=20)
        tally = await run(transport_to(served.port), [request("Unary")], load)
        assert served.echo.calls == 400
        assert 99 <= tally.answers <= 101 and len(tally.late) == tally.answers


async def test_connections_that_the_server_ends_are_replaced():
    load = Load(seconds=1.0, warm_up=0, rate=200, arrivals="even", timeout=20)
    async with serve("native") as served:
        loop = asyncio.get_running_loop()

        def cut() -> None:
            for connection in list(served.front.connections):
                connection.abort()

        loop.call_later(0.2, cut)
        tally = await run(transport_to(served.port), [request("Unary")], load)
    assert tally.statuses.total() == 200
    assert tally.statuses.keys() <= {"OK", "UNAVAILABLE"} and tally.answers >= 100


async def test_a_server_that_drains_loses_no_call():
    load = Load(seconds=0.6, warm_up=0, rate=200, arrivals="even", timeout=20)
    async with limited(age_seconds=0.05, age_grace_seconds=20) as served:
        tally = await run(transport_to(served.port), [request("Unary")], load)
    assert tally.statuses == {"OK": 120}


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_a_dead_server_is_named(kind: str):
    async with serve("native") as served:
        port = served.port
    with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}"):
        await transport_to(port, kind, timeout=1).open()


async def test_a_server_of_another_protocol_is_named():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnavailableError, match="does not speak gRPC; check the address and --protocol"):
            await transport_to(port).open()
