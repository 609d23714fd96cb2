"""Requests that wait too long for a thread are refused while an overload lasts: the clock is the test's own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.scheduling.cost import FIXED, Cost
from pretzel.data_plane.scheduling.overload import INTERVAL, LOOK
from pretzel.data_plane.scheduling.policy import PATIENCE, Limits, patience
from pretzel.data_plane.scheduling.request import LONGEST_RETRY, RETRY_SECONDS, RequestEngine
from pretzel.errors import DeadlineError, ExhaustedError
from tests.data_plane.scheduling.test_gathering import Held, Job

BOUND, EACH = 0.02, 0.001
"""Seconds that a request may wait, and that it takes."""
FULL = round(BOUND / EACH)
"""Requests that may wait."""


def costing(seconds: float) -> Cost:
    cost = Cost()
    cost.rate = seconds / (Job.size + FIXED)
    return cost


class Crowd:
    """An engine whose only thread is held, and the time that it sees."""

    def __init__(self, delay: float = BOUND) -> None:
        self.now, self.tally, self.held, self.cost = 100.0, Tally(), Held(), costing(EACH)
        limits = Limits(-1.0, 10_000, delay=delay)
        self.engine = RequestEngine(limits, 1, lambda: self.now, self.tally)
        self.calls = [asyncio.create_task(self.engine.execute(self.held))]

    async def ask(self, count: int = 1, **options: Any) -> list[asyncio.Task[Any]]:
        calls = [asyncio.create_task(self.engine.execute(self.job(i, **options))) for i in range(count)]
        await asyncio.sleep(0)
        self.calls += calls
        return calls

    async def one(self, **options: Any) -> asyncio.Task[Any]:
        (call,) = await self.ask(**options)
        return call

    def job(self, value: Any, cost: Cost | None = None, waits: bool = False, **options: Any) -> Job:
        job = Job(value, None, cost or self.cost, **options)
        job.waits = waits
        return job

    async def overload(self, count: int = 3 * FULL) -> list[asyncio.Task[Any]]:
        """Return requests of more work than may wait, which have waited for some time."""
        calls = await self.ask(count)
        self.now += INTERVAL + 2 * LOOK
        return calls

    @property
    def refused(self) -> int:
        return self.tally.rejected["wait"]


@pytest.fixture
async def crowd():
    crowd = Crowd()
    await asyncio.sleep(0)
    yield crowd
    await ended(crowd)


async def ended(crowd: Crowd) -> None:
    crowd.held.release.set()
    await asyncio.gather(*crowd.calls, return_exceptions=True)
    assert crowd.engine.queued == crowd.cost.queued == crowd.engine.bytes == 0
    crowd.engine.close()


async def test_a_burst_is_answered(crowd: Crowd):
    calls = await crowd.ask(10 * FULL)
    crowd.now += INTERVAL / 2
    calls += await crowd.ask(10 * FULL)
    crowd.held.release.set()
    assert await asyncio.gather(*calls) == [*range(10 * FULL)] * 2
    assert crowd.refused == 0


async def test_a_later_request_takes_the_place_of_the_two_oldest(crowd: Crowd):
    """A burst loses no more than twice what others send after it."""
    calls = await crowd.overload()
    later = await crowd.ask(3)
    crowd.now += 2 * LOOK
    later += await crowd.ask()  # at the next look, those of the one before are dropped
    for call in calls[:6]:
        with pytest.raises(ExhaustedError, match="overloaded: the request waits 1.. ms for a thread, where 20 ms"):
            await call
    assert crowd.refused == 6
    crowd.held.release.set()
    assert await asyncio.gather(*calls[6:]) == [*range(6, 3 * FULL)]
    assert await asyncio.gather(*later) == [0, 1, 2, 0]


async def test_a_request_is_refused_if_none_has_waited_too_long(crowd: Crowd):
    await crowd.overload(2 * FULL)
    later = await crowd.ask(3 * FULL)
    with pytest.raises(ExhaustedError, match="shed_after_seconds") as caught:
        await later[-1]
    assert caught.value.retry_after == RETRY_SECONDS
    crowd.held.release.set()
    outcomes = await asyncio.gather(*later, return_exceptions=True)
    assert [each for each in outcomes if not isinstance(each, ExhaustedError)] == [*range(FULL)]


async def test_the_suggested_delay_grows_with_the_wait(crowd: Crowd):
    for seconds, hint in ((0.1, 0.5), (10.0, LONGEST_RETRY)):
        cost = costing(seconds)
        await crowd.ask(5, cost=cost, waits=True)
        crowd.now += INTERVAL + 2 * LOOK
        assert crowd.engine.refusal(cost, Job.size, 1).retry_after == pytest.approx(hint, rel=1e-3)


async def test_what_may_wait_is_refused_no_more(crowd: Crowd):
    await crowd.ask(FULL - 1, waits=True)
    await crowd.ask(cost=costing(100 * EACH), waits=True)
    crowd.now += INTERVAL + 2 * LOOK
    assert not (await crowd.one()).done()
    crowd.now += 2 * LOOK
    assert await refused(crowd)
    crowd.held.release.set()
    await asyncio.gather(*crowd.calls[:-1])
    crowd.now += 2 * LOOK
    assert await crowd.engine.execute(crowd.job("served")) == "served"


async def refused(crowd: Crowd, cost: Cost | None = None) -> bool:
    call = await crowd.one(cost=cost)
    return call.done() and isinstance(call.exception(), ExhaustedError)


async def test_admitted_requests_count_before_they_are_in_the_queue(crowd: Crowd):
    """Those of one segment are admitted together."""
    await crowd.ask(FULL - 5, waits=True)
    await crowd.ask(1, cost=costing(100 * EACH))
    crowd.now += INTERVAL + 2 * LOOK
    refusals = [crowd.engine.refusal(crowd.cost, Job.size, 1) for _ in range(20)]
    assert [error is None for error in refusals] == [True] * 5 + [False] * 15
    await asyncio.sleep(0)  # they did not come
    crowd.now += 2 * LOOK
    assert crowd.engine.refusal(crowd.cost, Job.size, 1) is None


async def test_a_model_that_waits_little_is_not_refused_for_one_that_floods(crowd: Crowd):
    await crowd.overload()
    await crowd.ask(3 * FULL)
    other = costing(EACH)
    own = await crowd.ask(3, cost=other)
    crowd.held.release.set()
    assert await asyncio.gather(*own) == [0, 1, 2]
    assert crowd.refused == 3 * FULL + 3 * FULL // 2  # of the other model: the older, and half of the newer


async def test_messages_of_streams_wait(crowd: Crowd):
    """They are neither refused nor dropped."""
    streamed = await crowd.ask(3 * FULL, waits=True)
    crowd.now += INTERVAL + 2 * LOOK
    streamed += await crowd.ask(3, waits=True)
    assert await refused(crowd)
    crowd.now += 2 * LOOK
    assert await refused(crowd)
    crowd.held.release.set()
    assert len(await asyncio.gather(*streamed)) == 3 * FULL + 3


async def test_a_long_request_waits_longer(crowd: Crowd):
    assert patience(1.0, BOUND) == PATIENCE
    long = costing(1.0)
    calls = await crowd.ask(5, cost=long)
    crowd.now += INTERVAL + 2 * LOOK
    assert not await refused(crowd, costing(2.0))
    assert await refused(crowd, long)
    crowd.held.release.set()
    assert await asyncio.gather(*calls) == [*range(5)]


async def test_what_cannot_end_in_time_is_dropped_for_others(crowd: Crowd):
    """The later one would otherwise be refused, because its deadline would pass."""
    lost = await crowd.ask(5, cost=costing(1.0), deadline=crowd.now + 5.5)
    crowd.now += 5.0
    assert not (await crowd.one(cost=costing(1.0), deadline=crowd.now + 2)).done()
    for call in lost:
        with pytest.raises(ExhaustedError, match="500 ms are left to the deadline"):
            await call
    assert crowd.tally.rejected["deadline"] == 5
    late = await crowd.one(deadline=crowd.now + 1)
    crowd.now += 1.5
    await crowd.one(cost=costing(2.0), deadline=crowd.now + 2.1)
    with pytest.raises(DeadlineError, match="before the request could run"):
        await late


async def test_priorities_are_dropped_last(crowd: Crowd):
    first = await crowd.one()
    for _ in range(2):
        low = crowd.job("low")
        low.level = 5
        crowd.calls.append(asyncio.create_task(crowd.engine.execute(low)))
    await crowd.overload()
    await crowd.ask()
    crowd.now += 2 * LOOK
    await crowd.ask()
    await asyncio.sleep(0)
    assert [call.done() for call in crowd.calls[1:4]] == [False, True, True]
    assert not first.done()


async def test_without_a_bound_all_wait():
    crowd = Crowd(delay=0)
    await asyncio.sleep(0)
    calls = await crowd.overload()
    calls += await crowd.ask(FULL)
    crowd.now += 10
    calls += await crowd.ask(FULL)
    crowd.held.release.set()
    assert len(await asyncio.gather(*calls)) == 5 * FULL
    await ended(crowd)


async def test_cancelled_requests_leave_their_place(crowd: Crowd):
    calls = await crowd.overload()
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert not await refused(crowd)
