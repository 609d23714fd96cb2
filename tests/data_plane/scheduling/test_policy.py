"""Scheduling: the policy alone, its cost model, and the engine under a simulated clock."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.scheduling.cost import DOUBT, FIXED, Cost, size_of
from pretzel.data_plane.scheduling.policy import SMALL_BYTES, Decision, Facts, Limits, choose
from pretzel.data_plane.scheduling.request import RETRY_SECONDS, RequestEngine
from pretzel.engine.footprint import Need
from pretzel.errors import DeadlineError, ExhaustedError
from pretzel.plan.values import Csr, Texts

LIMITS = Limits(inline_seconds=0.001, queue=10)
INF = float("inf")
NOTHING = Need(answer=0, frame=0, exact=True)


@pytest.mark.parametrize(
    ("expected", "remaining", "queued", "own", "decision"),
    [
        (0.0001, None, 0, 0, Decision.INLINE),
        (0.001, None, 0, 0, Decision.INLINE),
        (0.0011, None, 0, 0, Decision.EXECUTE),
        (INF, None, 0, 0, Decision.EXECUTE),
        (0.0001, None, 10, 5, Decision.INLINE),  # cheap requests never wait behind expensive ones
        (1.0, None, 9, 4, Decision.EXECUTE),
        (1.0, None, 10, 0, Decision.FULL),
        (1.0, None, 9, 5, Decision.CROWDED),
        (0.0001, 0.0, 0, 0, Decision.LATE),
        (1.0, -1.0, 10, 5, Decision.LATE),
        (1.0, 0.5, 0, 0, Decision.EXECUTE),  # an estimate alone does not reject
    ],
)
def test_decisions(expected: float, remaining: float | None, queued: int, own: int, decision: Decision):
    assert choose(Facts(expected, remaining), 0.0, queued, own, LIMITS) is decision


seconds = st.floats(0, 100) | st.just(INF)


@given(seconds, st.none() | st.floats(-1, 1), st.integers(0, 20), st.integers(0, 20))
def test_the_queue_never_passes_its_bound(expected, remaining, queued, own):
    if choose(Facts(expected, remaining), 0.0, queued, own, LIMITS) is Decision.EXECUTE:
        assert queued < LIMITS.queue
        assert own < LIMITS.share


def test_cost_is_unknown_at_first_then_grows_with_the_input():
    cost = Cost()
    assert cost.expected(0) == INF
    assert cost.learns
    cost.learn(FIXED, 0.002)
    assert cost.expected(FIXED) == pytest.approx(0.002)
    assert cost.expected(3 * FIXED) == pytest.approx(0.004)


def test_one_slow_run_does_not_make_a_plan_expensive():
    cost = Cost()
    for _ in range(10):
        assert cost.learns or cost.runs > 4
        cost.learn(0, 0.0001)
    cost.learn(0, 0.001)
    assert cost.expected(0) < 0.0004


def test_trusted_costs_are_measured_occasionally():
    cost = Cost()
    assert 5 <= sum(cost.learns for _ in range(100)) <= 15


def test_sizes():
    columns = {
        "x": np.zeros((2, 3)),
        "t": Texts.of(["ab", "c"]),
        "s": Csr.of(np.eye(2)),
    }
    assert size_of(columns) == 48 + (3 + 8) + (16 + 24)


class Scripted:
    """A fake executable: waits until released, and records where it ran."""

    def __init__(self) -> None:
        self.release, self.ran = threading.Event(), []

    def need(self, columns, outputs, size):
        return 1, NOTHING

    def run(self, columns, outputs=None, *, deadline=0.0, token=None, most=0, helpers=None):
        self.ran.append(threading.current_thread().name)
        assert self.release.wait(10)
        return {"y": 1}


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def cheap() -> Cost:
    cost = Cost()
    cost.rate = 0.0
    return cost


async def test_cheap_requests_run_on_the_loop_and_expensive_ones_on_an_executor():
    engine, work = RequestEngine(LIMITS, 1), Scripted()
    work.release.set()
    await engine.run(work, cheap(), {}, None)
    await engine.run(work, Cost(), {}, None)
    assert work.ran[0] == threading.current_thread().name
    assert work.ran[1].startswith("executor")
    engine.close()


async def test_a_full_queue_rejects():
    engine, work, other = RequestEngine(LIMITS, 1), Scripted(), Cost()
    costs = [Cost(), Cost()]
    tasks = [asyncio.create_task(engine.run(work, costs[i % 2], {}, None)) for i in range(10)]
    await until(lambda: engine.queued == 10)
    with pytest.raises(ExhaustedError, match="10 requests are queued") as full:
        await engine.run(work, other, {}, None)
    assert full.value.retry_after == RETRY_SECONDS
    assert await asyncio.wait_for(engine.run(_done(), cheap(), {}, None), 5)  # cheap ones still pass
    work.release.set()
    await asyncio.gather(*tasks)
    assert engine.queued == 0 == costs[0].queued
    engine.close()


def _done() -> Scripted:
    work = Scripted()
    work.release.set()
    return work


async def test_one_model_cannot_fill_the_queue():
    engine, work, cost = RequestEngine(LIMITS, 1), Scripted(), Cost()
    tasks = [asyncio.create_task(engine.run(work, cost, {}, None)) for _ in range(5)]
    await until(lambda: engine.queued == 5)
    with pytest.raises(ExhaustedError, match="5 requests of this model"):
        await engine.run(work, cost, {}, None)
    tasks.append(asyncio.create_task(engine.run(work, Cost(), {}, None)))
    work.release.set()
    await asyncio.gather(*tasks)
    engine.close()


async def test_a_deadline_that_passes_in_the_queue_is_not_run():
    now = [100.0]
    engine = RequestEngine(LIMITS, 1, clock=lambda: now[0])
    first, late = Scripted(), Scripted()
    late.release.set()
    running = asyncio.create_task(engine.run(first, Cost(), {}, None))
    await until(lambda: first.ran)
    waiting = asyncio.create_task(engine.run(late, Cost(), {}, None, deadline=101.0))
    await until(lambda: engine.queued == 2)
    now[0] = 101.0
    first.release.set()
    with pytest.raises(DeadlineError, match="before the request could run"):
        await waiting
    await running
    assert late.ran == []
    engine.close()


async def test_a_passed_deadline_is_not_run_at_all():
    engine, work = RequestEngine(LIMITS, 1, clock=lambda: 5.0), Scripted()
    with pytest.raises(DeadlineError):
        await engine.run(work, cheap(), {}, None, deadline=4.0)
    assert work.ran == []
    engine.close()


async def test_cancelled_work_that_waits_never_starts():
    engine, first, second = RequestEngine(LIMITS, 1), Scripted(), Scripted()
    running = asyncio.create_task(engine.run(first, Cost(), {}, None))
    await until(lambda: first.ran)
    waiting = asyncio.create_task(engine.run(second, Cost(), {}, None))
    await until(lambda: engine.queued == 2)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert engine.queued == 1
    first.release.set()
    await running
    await engine.run(_done(), Cost(), {}, None)  # the thread skipped it
    assert second.ran == []
    engine.close()


async def test_cancelled_work_that_runs_is_notified():
    engine, seen = RequestEngine(LIMITS, 1), []

    class Cancellable(Scripted):
        def run(self, columns, outputs=None, *, deadline=0.0, token=None, most=0, helpers=None):
            seen.append(token)
            return super().run(columns)

    work = Cancellable()
    running = asyncio.create_task(engine.run(work, Cost(), {}, None))
    await until(lambda: work.ran)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    work.release.set()
    assert seen[0] is not None
    engine.close()


def test_the_estimate_of_the_first_run_comes_from_the_stages():
    class Stages:
        def seconds(self, rows, size):
            return 0.001 * rows

    cost = Cost(Stages())
    assert cost.expected(8, 3) == pytest.approx(0.003 * DOUBT)
    assert cost.likely(8, 3) == pytest.approx(0.003)
    assert cost.learns
    cost.learn(8, 0.5)
    assert cost.expected(8, 3) == pytest.approx(0.5)


async def test_a_deadline_before_the_expected_end_is_rejected_at_once():
    tally = Tally()
    engine, work = RequestEngine(LIMITS, 1, clock=lambda: 100.0, tally=tally), Scripted()
    cost = Cost()
    cost.rate = 2.0 / FIXED
    running = asyncio.create_task(engine.run(work, cost, {}, None, deadline=101.0))  # idle: an estimate may be wrong
    await until(lambda: work.ran)
    with pytest.raises(
        ExhaustedError, match=r"expected in 4000 ms, 3000 ms are left to the deadline; retry later"
    ) as late:
        await engine.run(_done(), cost, {}, None, deadline=103.0)
    assert late.value.retry_after == 0  # only another worker can be in time
    assert (tally.rejected["deadline"], engine.queued) == (1, 1)
    accepted = asyncio.create_task(engine.run(_done(), cost, {}, None, deadline=105.0))
    await until(lambda: engine.queued == 2)
    work.release.set()
    await asyncio.gather(running, accepted)
    assert sum(tally.waits.buckets) == 2
    engine.close()


class Sized(Scripted):
    def __init__(self, **need) -> None:
        super().__init__()
        self.needs = Need(**{"answer": 0, "frame": 0, "exact": True} | need)
        self.release.set()

    def need(self, columns, outputs, size):
        return 7, self.needs

    def run(self, columns, outputs=None, *, deadline=0.0, token=None, most=0, helpers=None):
        self.most = most
        return super().run(columns)


@pytest.mark.parametrize(
    ("need", "message", "reason"),
    [
        ({"answer": 1001}, r"response takes 1001 bytes for 7 rows, 1000 allowed \(max_message_bytes\)", "answer_bytes"),
        ({"frame": 5001}, r"about 5001 bytes for 7 rows, 5000 allowed \(request_memory_bytes\)", "memory"),
    ],
)
async def test_a_request_that_is_too_large_is_rejected_before_it_runs(need, message: str, reason: str):
    tally = Tally()
    engine, work = RequestEngine(Limits(0.001, 10, memory=5000, answer=1000), 1, tally=tally), Sized(**need)
    with pytest.raises(ExhaustedError, match=message):
        await engine.run(work, cheap(), {}, None)
    assert (work.ran, tally.rejected) == ([], {reason: 1})
    engine.close()


async def test_a_large_allocation_runs_on_a_thread_where_its_memory_is_counted():
    engine, work, held = RequestEngine(LIMITS, 1), Sized(frame=SMALL_BYTES + 1), []
    await engine.run(work, cheap(), {}, None, pack=lambda results: held.append(engine.bytes))
    assert work.ran[0].startswith("executor")
    assert held == [SMALL_BYTES + 1]
    assert engine.bytes == 0
    engine.close()


async def test_a_run_whose_need_is_an_estimate_is_bounded():
    engine, work = RequestEngine(Limits(0.001, 10, memory=9000), 2), Sized(exact=False, frame=2000)
    await engine.run(work, Cost(), {}, None)
    assert work.most == 4000
    await engine.run(work, cheap(), {}, None)  # on the event loop too
    assert work.most == 3000
    engine.close()
