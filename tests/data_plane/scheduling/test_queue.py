"""The order of the queue, and the threads behind it with scripted work."""

from __future__ import annotations

import asyncio
import heapq
import os
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.scheduling.niceness import NICE
from pretzel.data_plane.scheduling.pace import MOST, Pace
from pretzel.data_plane.scheduling.policy import LONGEST, PATIENCE, is_cheaper, is_hopeless, priority
from pretzel.data_plane.scheduling.queue import ExecutorQueue

arrivals = st.floats(0, 100)
costs = st.floats(0, 20)


@given(arrivals, costs, arrivals, costs)
def test_a_request_is_not_overtaken_after_its_patience(arrival, expected, later, other):
    if later > arrival + PATIENCE * min(expected, LONGEST):
        assert priority(arrival, expected) < priority(later, other)


@given(arrivals, costs, costs)
def test_of_two_simultaneous_requests_the_cheaper_is_first(arrival, one, other):
    if one < other:
        assert priority(arrival, one) <= priority(arrival, other)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.001, 0.5)), min_size=1, max_size=40), st.integers(1, 3))
def test_every_wait_is_bounded_by_the_work_that_may_go_first(requests, threads):
    """Simulate the threads: a request waits only for work that arrived before the end of its patience."""
    requests = sorted(requests)
    begun = simulate(requests, threads)
    for i, (arrival, expected) in enumerate(requests):
        patience = arrival + PATIENCE * expected
        first = sum(cost for j, (at, cost) in enumerate(requests) if j != i and at <= patience)
        assert begun[i] <= arrival + first / threads + max(cost for _, cost in requests) + 1e-9


def simulate(requests, threads):
    """Return the start time of each request."""
    free, waiting, begun, arriving = [0.0] * threads, [], {}, list(enumerate(requests))
    while arriving or waiting:
        now = max(heapq.heappop(free), 0.0 if waiting else arriving[0][1][0])
        while arriving and arriving[0][1][0] <= now:
            i, (at, cost) = arriving.pop(0)
            heapq.heappush(waiting, (priority(at, cost), i, cost))
        _, i, cost = heapq.heappop(waiting)
        begun[i] = now
        heapq.heappush(free, now + cost)
    return begun


@pytest.mark.parametrize(
    ("wait", "remaining", "hopeless"),
    [(0.0, 0.001, False), (0.5, None, False), (0.5, 1.0, False), (0.95, 1.0, True), (2.0, 1.0, True)],
)
def test_a_request_that_cannot_end_in_time_is_hopeless(wait: float, remaining: float | None, hopeless: bool):
    assert is_hopeless(wait, remaining) is hopeless


def test_the_reserved_thread_takes_only_much_cheaper_tasks():
    assert is_cheaper(0.002, [0.1, 0.008])
    assert not is_cheaper(0.003, [0.1, 0.008])
    assert not is_cheaper(0.001, [])


def test_pace_follows_the_clock_and_is_bounded():
    pace = Pace()
    assert pace.seconds(0.5) == 0.5
    for _ in range(50):
        pace.learn(0.1, 0.2)
    assert pace.seconds(0.5) == pytest.approx(1.0)
    for _ in range(200):
        pace.learn(0.001, 10)
    assert pace.seconds(1.0) == MOST


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Held:
    """Work that ends when released, and records its start."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log, self.release, self.begun = name, log, threading.Event(), threading.Event()

    def __call__(self, waited: float) -> str:
        self.log.append(self.name)
        self.begun.set()
        assert self.release.wait(10)
        return self.name

    def done(self) -> Held:
        self.release.set()
        return self


async def begun(work: Held) -> None:
    assert await asyncio.to_thread(work.begun.wait, 10)


async def test_cheap_work_goes_first_and_expensive_work_is_not_starved():
    log, clock = [], Clock()
    queue = ExecutorQueue(1, 100, clock)
    first = Held("first", log)
    tasks = [queue.submit(first, 0.001, 0)]
    await begun(first)
    tasks.append(queue.submit(Held("expensive", log).done(), 1.0, 0))
    tasks.append(queue.submit(Held("cheap", log).done(), 0.01, 0))
    clock.now = PATIENCE * 1.0 + 1
    tasks.append(queue.submit(Held("late and cheap", log).done(), 0.01, 0))
    first.done()
    await asyncio.gather(*(task.done for task in tasks))
    assert log == ["first", "cheap", "expensive", "late and cheap"]
    queue.close()


async def test_cheap_work_does_not_wait_for_running_work():
    log: list[str] = []
    queue = ExecutorQueue(2, 100, time.monotonic)
    heavy = [Held(f"heavy {i}", log) for i in range(4)]
    tasks = [queue.submit(work, 1.0, 0) for work in heavy]
    await begun(heavy[0])
    await begun(heavy[1])
    assert queue.wait(0.002) == pytest.approx(0.002)  # nothing is ahead of it
    cheap = queue.submit(Held("cheap", log).done(), 0.002, 0)
    assert await asyncio.wait_for(cheap.done, 10) == "cheap"
    assert not heavy[2].begun.is_set()  # the reserved thread takes nothing expensive
    for work in heavy:
        work.done()
    await asyncio.gather(*(task.done for task in tasks))
    queue.close()


async def test_memory_is_reserved_before_work_starts():
    log: list[str] = []
    queue = ExecutorQueue(2, 100, time.monotonic)
    first, second, third = (Held(name, log) for name in ("first", "second", "third"))
    tasks = [queue.submit(first, 1.0, 60)]
    await begun(first)
    tasks.append(queue.submit(second.done(), 1.0, 60))
    tasks.append(queue.submit(third, 1.0, 40))  # fits next to the first
    await begun(third)
    assert (log, queue.held) == (["first", "third"], 100)
    first.done(), third.done()
    await asyncio.gather(*(task.done for task in tasks))
    assert log == ["first", "third", "second"]
    queue.close()


async def test_nothing_overtakes_a_large_request_whose_time_has_come():
    log, clock = [], Clock()
    queue = ExecutorQueue(2, 100, clock)
    first, large, small = (Held(name, log) for name in ("first", "large", "small"))
    tasks = [queue.submit(first, 1.0, 60)]
    await begun(first)
    tasks.append(queue.submit(large.done(), 1.0, 60))
    clock.now = PATIENCE + 1
    tasks.append(queue.submit(small.done(), 1.0, 10))
    first.done()
    await asyncio.gather(*(task.done for task in tasks))
    assert log.index("large") < log.index("small")
    queue.close()


async def test_the_wait_is_the_work_ahead_divided_by_the_threads():
    log, clock = [], Clock()
    queue = ExecutorQueue(2, 100, clock)
    assert queue.wait(1.0) == 0.0
    running = [Held("a", log), Held("b", log)]
    tasks = [queue.submit(work, 1.0, 0) for work in running]
    for work in running:
        await begun(work)
    tasks += [queue.submit(Held("c", log).done(), 2.0, 0) for _ in range(2)]
    clock.now = 0.5  # half of the running work is done
    assert queue.wait(4.0) == pytest.approx((2 * 0.5 + 2 * 2.0) / 2 + 4.0)
    for work in running:
        work.done()
    await asyncio.gather(*(task.done for task in tasks))
    queue.close()


async def test_an_error_reaches_its_caller_and_the_thread_continues():
    queue = ExecutorQueue(1, 100, time.monotonic)

    def fails(waited: float) -> None:
        raise MemoryError("none left")

    with pytest.raises(MemoryError, match="none left"):
        await queue.submit(fails, 1.0, 50).done
    assert queue.held == 0
    assert await queue.submit(Held("next", []).done(), 1.0, 100).done == "next"
    queue.close()


async def test_closing_cancels_waiting_tasks():
    log: list[str] = []
    queue = ExecutorQueue(1, 100, time.monotonic)
    first = Held("first", log)
    running = queue.submit(first, 1.0, 0)
    await begun(first)
    waiting = queue.submit(Held("second", log).done(), 1.0, 0)
    queue.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting.done
    first.done()
    assert await running.done == "first"
    assert queue.submit(Held("third", log), 1.0, 0).done.cancelled()


async def test_a_finished_or_closed_task_can_be_dropped():
    queue = ExecutorQueue(1, 100, time.monotonic)
    ended = queue.submit(Held("ended", []).done(), 1.0, 0)
    await ended.done
    queue.drop(ended)
    first = Held("first", [])
    running, waiting, dropped = (queue.submit(work, 1.0, 0) for work in (first, Held("b", []), Held("c", [])))
    await begun(first)
    queue.drop(dropped)
    queue.drop(dropped)
    queue.close()
    queue.drop(waiting)
    queue.drop(running)
    first.done()
    assert await running.done == "first"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no niceness of threads")
async def test_executor_threads_yield_to_the_event_loop():
    queue = ExecutorQueue(1, 1 << 20, time.monotonic)
    begun, ran = threading.Event(), threading.Event()

    def niceness(_waited):
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def long(waited):
        begun.set()
        ran.wait(10)
        return niceness(waited)

    try:
        executor = queue.submit(long, 1.0, 0)
        assert await asyncio.to_thread(begun.wait, 10)
        reserved = queue.submit(niceness, 0.001, 0)
        own = niceness(0)
        assert await asyncio.wait_for(reserved.done, 10) == own
        ran.set()
        assert await asyncio.wait_for(executor.done, 10) == min(19, own + NICE)
    finally:
        ran.set()
        queue.close()
