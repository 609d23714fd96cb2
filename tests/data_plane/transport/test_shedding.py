"""Calls that waited too long are refused before they are decoded, and only predictions are."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import grpc
import pytest
from structlog.testing import capture_logs

from pretzel.client.hints import retry_after
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.transport import delay, listening
from pretzel.data_plane.transport.kernel_buffer import unread_bytes
from pretzel.data_plane.transport.lane import OVERLOADED_BREATH
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods
from pretzel.data_plane.transport.shedding import CROWDED, RETRY_SECONDS, TURN, Shedding
from tests.data_plane.transport.echo import Echo, Served, limited, path
from tests.data_plane.transport.peer import DATA, END_STREAM, Peer, frame, message, request
from tests.data_plane.transport.waits import until

EXHAUSTED, REFUSED_STREAM = 8, 7
STREAMS = 64
PREDICTIONS = ("Fast", "Slow", "Lane", "FastLane")
"""Methods with a shortcut."""


@asynccontextmanager
async def overloaded(**limits: float) -> AsyncIterator[tuple[Served, Peer]]:
    """Serve in a loop whose every round counts as long, and that has seen each method."""
    async with limited(**{"delay_seconds": 1e-9, **limits}) as served:
        async with Peer.connected(served.port) as peer:
            served.echo.release.set()
            for name in PREDICTIONS:
                assert (await peer.call(request(name), message(b"a"))).status == 0
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(delay, "BRIEF", -1.0)
                patch.setattr(delay, "INTERVAL", -1.0)
                assert await peer.is_served()
                await until(lambda: served.front.shedding.delay.overloaded)
                yield served, peer


def refused(served: Served) -> int:
    return served.front.shedding._tally.rejected["delay"]


async def test_late_predictions_are_refused_and_other_calls_are_answered():
    async with overloaded() as (served, peer):
        before = served.echo.calls
        for name in PREDICTIONS:
            answer = await peer.call(request(name), message(b"m"))
            assert (answer.status, answer.data) == (EXHAUSTED, b"")
            assert "overloaded" in answer.text
        assert served.echo.calls == before
        assert await peer.is_served()  # a method without a shortcut, as those of health
        assert refused(served) == len(PREDICTIONS)
        for name in PREDICTIONS:
            assert served.front.shedding._tally.errors[name, "other", "RESOURCE_EXHAUSTED"] == 1
    async with limited() as served, Peer.connected(served.port) as peer:
        assert (await peer.call(request("Fast"), message(b"m"))).status == 0


async def test_a_client_learns_when_to_retry():
    async with overloaded() as (served, _), served.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(path("Fast"))(b"m", timeout=20)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert retry_after(caught.value) == RETRY_SECONDS


async def test_a_refusal_carries_the_identifier_of_its_call_and_the_newest_report():
    async with overloaded() as (served, peer):
        served.front.attached.renew((("report-bin", b"first"),))
        names = [*PREDICTIONS, *PREDICTIONS, "Fast", "Fast"]
        sent = [(b"x-request-id", b"order-%d" % i) for i in range(len(names))]
        streams = [peer.open(request(name, own), message(b"m")) for name, own in zip(names, sent, strict=True)]
        answers = [await peer.answer(stream) for stream in streams]
        assert {answer.status for answer in answers} == {EXHAUSTED}
        assert [answer[b"x-request-id"] for answer in answers] == [value for _, value in sent]
        assert [answer[b"report-bin"] for answer in answers].count(b"Zmlyc3Q") == 1
        served.front.attached.renew((("report-bin", b"second"),))
        answer = await peer.call(request("Fast", (b"x-request-id", b"not visible")), message(b"m"))
        assert (answer.status, answer[b"x-request-id"], answer[b"report-bin"]) == (EXHAUSTED, None, b"c2Vjb25k")


async def test_the_calls_of_one_segment_are_refused_together():
    """Those of other methods among them are answered, in their order."""
    async with overloaded() as (served, peer):
        names = ["Fast", "Unary", "Slow", "Fast", "Lane", "Unary", "Fast"]
        streams = [peer.open(request(name), message(b"%d" % i)) for i, name in enumerate(names)]
        for i, (name, stream) in enumerate(zip(names, streams, strict=True)):
            answer = await peer.answer(stream)
            assert answer.status == (0 if name == "Unary" else EXHAUSTED)
            assert answer.data == (message(b"%d" % i) if name == "Unary" else b"")
        assert refused(served) == 5


async def test_the_body_of_a_refused_call_is_acknowledged():
    """More of it than the connection's window takes, whole or in parts, before and after the refusal."""
    async with overloaded(connection_window=1 << 17) as (served, peer):
        for _ in range(30):
            assert (await peer.call(request("Fast"), message(bytes(9000)))).status == EXHAUSTED
            stream = peer.open(request("Fast"), message(bytes(9000))[:5000], end=False)
            assert (await peer.status(stream)).status == EXHAUSTED
            peer.engine.send_data(stream, bytes(4005), end_stream=True)
            peer.flush()
        assert await peer.is_served()
        await until(lambda: not served.calls)


async def test_a_call_that_is_reset_in_its_segment_is_not_refused():
    async with overloaded() as (_, peer):
        stream = peer.open(request("Fast"), message(b"m"))
        peer.send(peer.queued() + frame(3, 0, stream, bytes(4)))
        assert await peer.is_served()


async def test_open_streams_go_on():
    """More slowly: other work runs between a few messages."""
    async with limited(delay_seconds=1e-9) as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("FastLane"), message(b"one"), end=False)
        peer.flush()
        await peer.until(lambda: peer.answers[stream].data == message(b"one"))
        served.front.shedding.delay.overloaded = True
        more = b"".join(message(b"%d" % i) for i in range(3 * OVERLOADED_BREATH + 1))
        peer.send(frame(DATA, END_STREAM, stream, more))
        assert (await peer.status(stream)).status == 0
        assert peer.answers[stream].data == message(b"one") + more


def test_the_segments_of_a_round_share_its_time():
    """Less of it goes to a client that uses all its streams, because it probably queues more calls."""
    shedding = Shedding(Methods(), Limits(delay_seconds=0.02, streams=16), Tally())
    assert shedding.share(15) == 0.02 * TURN
    shedding.delay.segments = 4
    assert shedding.share(15) == 0.02 * TURN / 4
    assert shedding.share(16) == shedding.share(15) == 0.02 * TURN / 4 * CROWDED
    shedding.delay.crowded, shedding.delay.crowds = True, False
    assert shedding.share(15) == 0.02 * TURN / 4 * CROWDED


async def test_a_segment_is_answered_while_its_share_lasts():
    """Calls like an answered one are then refused before the engine sees them, and count as others."""
    async with overloaded(delay_seconds=1000) as (served, peer):
        served.front.shedding.bound = 1e-3  # of the share; the wait is within it in this loop
        before = served.echo.calls
        streams = [peer.open(request("Fast"), message(b"m")) for _ in range(500)]
        peer.flush()
        await peer.until(lambda: all(peer.answers[stream].closed for stream in streams))
        statuses = [peer.answers[stream].status for stream in streams]
        assert set(statuses) <= {0, EXHAUSTED}
        assert statuses.count(EXHAUSTED) == refused(served)
        assert before == served.echo.calls
        assert await peer.is_served()


@pytest.mark.parametrize(("calls", "crowds"), [(STREAMS // 2, True), (STREAMS // 4, False)])
async def test_calls_in_the_kernel_count(calls: int, crowds: bool, monkeypatch: pytest.MonkeyPatch):
    """A client that has used all its streams is seen, although only a part of its calls is read at once."""

    def fast(echo: Echo, message: bytes, deadline: float, origin: object) -> bytes:
        if message == b"send more":
            peer.flush()
            (connection,) = served.front.connections
            received = connection.transport.get_extra_info("socket")
            assert select.select([received.fileno()], [], [], 20)[0]
        return message

    monkeypatch.setattr(Echo, "_fast", fast)
    async with limited(streams=STREAMS) as served, Peer.connected(served.port) as peer:
        assert await peer.is_served()
        streams = [peer.open(request("Fast"), message(b"send more" if i == 0 else b"m")) for i in range(calls)]
        first = peer.queued()
        streams += [peer.open(request("Fast"), message(b"m")) for _ in range(STREAMS - calls if crowds else calls)]
        peer.send(first)
        await peer.until(lambda: all(peer.answers[stream].closed for stream in streams))
        assert {peer.answers[stream].status for stream in streams} == {0}
        assert (served.front.shedding.delay._crowd > 0) is crowds


def test_unread_bytes():
    ours, theirs = socket.socketpair()
    transport = SimpleNamespace(get_extra_info=lambda name: ours)
    assert unread_bytes(transport) == 0
    theirs.send(b"hello")
    assert unread_bytes(transport) == 5
    ours.close()
    theirs.close()
    assert unread_bytes(transport) == 0
    assert unread_bytes(SimpleNamespace(get_extra_info=lambda name: None)) == 0


async def test_open_calls_are_bounded_over_all_connections():
    """Each connection may have one in any case, and closed ones make place."""
    async with limited(calls=10) as served, Peer.connected(served.port) as peer, Peer.connected(served.port) as other:
        streams = [peer.open(request("Slow"), message(b"m")) for _ in range(10)]
        peer.flush()
        await until(lambda: served.front.calls == 10)
        assert (await other.call(request("Unary"), message(b"m"))).status == 0
        slow = other.open(request("Slow"), message(b"m"))
        other.flush()
        await until(lambda: served.front.calls == 11)
        assert (await other.call(request("Unary"), message(b"m"))).reset == REFUSED_STREAM
        incomplete = other.open(request("Unary"), message(b"m")[:3], end=False)
        assert (await other.answer(incomplete)).reset == REFUSED_STREAM
        served.echo.release.set()
        for stream in streams:
            assert (await peer.answer(stream)).status == 0
        assert (await other.answer(slow)).status == 0
        await until(lambda: served.front.calls == 0)
        for open_ in range(1, 11):
            peer.open(request("Count"), message(b"m"), end=False)
            peer.flush()
            await until(lambda expected=open_: served.front.calls == expected)
        assert (await peer.call(request("Unary"), message(b"m"))).reset == REFUSED_STREAM
    assert served.front.calls == 0


async def test_a_call_whose_time_is_over_is_refused():
    """Its client has given up; the bound itself is not reached."""
    async with overloaded(delay_seconds=1000) as (_, peer):
        answer = await peer.call(request("Fast", (b"grpc-timeout", b"1n")), message(b"m"))
        assert answer.status == EXHAUSTED
        assert (await peer.call(request("Fast", (b"grpc-timeout", b"60S")), message(b"m"))).status == 0
        answer = await peer.call(request("Unary", (b"grpc-timeout", b"1n")), message(b"m"))
        assert answer.status != EXHAUSTED


async def test_refusals_are_logged_at_a_bounded_rate(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "TICK_SECONDS", 0.01)
    with capture_logs() as logs:
        async with overloaded() as (served, peer):
            for _ in range(3):
                for _ in range(10):
                    await peer.call(request("Fast"), message(b"m"))
                await asyncio.sleep(0.05)
    (report,) = [line for line in logs if "waited too long" in line["event"]]
    assert report["log_level"] == "warning"
    assert 0 < report["calls"] <= 30
