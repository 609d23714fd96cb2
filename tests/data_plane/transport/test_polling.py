"""Polling for the next call: only between calls in short succession, never while other work runs, and it ends."""

from __future__ import annotations

import pytest

from pretzel.data_plane.transport.polling import Poller
from tests.data_plane.transport.echo import limited, path
from tests.data_plane.transport.peer import Peer, message, request
from tests.data_plane.transport.waits import until

LONG = 3600.0


async def rested(poller: Poller, gap: float) -> bool:
    """Return whether the loop polls after a call that began ``gap`` seconds after the last one."""
    poller.heard(poller._rested + gap)
    poller.rest()
    return poller.is_polling


@pytest.mark.parametrize(("gap", "polls"), [(0.0, True), (LONG * 0.99, True), (LONG, False), (LONG * 2, False)])
async def test_polls_only_if_it_would_have_met_the_last_call(gap, polls):
    assert await rested(Poller(LONG), gap) is polls


async def test_without_time_it_never_polls():
    assert not await rested(Poller(0), 0)


async def test_a_busy_process_does_not_begin_to_poll():
    assert not await rested(Poller(LONG, lambda: False), 0)


async def test_polling_ends_with_its_time():
    poller = Poller(1e-3)
    assert await rested(poller, 0)
    await until(lambda: not poller.is_polling)


async def test_polling_ends_when_other_work_begins():
    idle = True
    poller = Poller(LONG, lambda: idle)
    assert await rested(poller, 0)
    idle = False
    await until(lambda: not poller.is_polling)


async def test_a_late_call_ends_the_succession():
    poller = Poller(1e-3)
    assert await rested(poller, 0)
    await until(lambda: not poller.is_polling)
    assert not await rested(poller, 1.0)


async def test_calls_in_succession_are_answered_while_polling():
    async with limited() as served, Peer.connected(served.port) as peer:
        served.front.poller = poller = Poller(LONG)
        for number in range(20):
            answer = await peer.call(request("Fast"), message(b"%d" % number))
            assert (answer.status, answer.data) == (0, message(b"%d" % number))
        assert poller.is_polling
        served.front.poller = Poller(0)
        poller._until = 0.0
        await until(lambda: not poller.is_polling)


async def test_an_open_call_does_not_poll():
    async with limited() as served, served.channel() as channel:
        chat = channel.stream_stream(path("Chat"))()
        await chat.write(b"a")
        assert await chat.read() == b"a"
        served.front.poller = poller = Poller(LONG)
        for _ in range(3):
            await chat.write(b"a")
            assert await chat.read() == b"a"
        assert not poller.is_polling
        chat.cancel()
