"""Levels: requests of one group take each other's turns, and no other group notices."""

from __future__ import annotations

import asyncio
import random

import pytest

from pretzel.data_plane.scheduling.policy import CHEAPER, LONGEST_YIELD, NORMAL, Rank, level_of
from pretzel.data_plane.scheduling.queue import ExecutorQueue
from tests.data_plane.scheduling.test_queue import Clock, Held, begun

Job = tuple[str, str, int, float, int]
"""Name, group, level, expected seconds, bytes."""


async def order_of(
    jobs: list[Job], later: float = 0.0, memory: int = 1000, weights: dict[str, float] | None = None
) -> list[str]:
    """Return the order in which one thread runs jobs that wait, if it gets free ``later``."""
    log, clock = [], Clock()
    queue = ExecutorQueue(1, memory, clock)
    first = Held("", log)
    tasks = [queue.submit(first, 0.001, 0)]
    await begun(first)
    for name, group, level, expected, size in jobs:
        tasks.append(
            queue.submit(Held(name, log).done(), expected, size, Rank(group, level, (weights or {}).get(group, 1.0)))
        )
        clock.now += 0.001
    clock.now += later
    first.done()
    await asyncio.gather(*(task.done for task in tasks))
    assert not queue._leveled
    queue.close()
    return log[1:]


def jobs(*parts: tuple[str, str, int]) -> list[Job]:
    return [(*part, 1.0, 1) for part in parts]


def test_one_is_the_highest_and_none_comes_before_two():
    assert sorted([3, 0, 2, 1], key=level_of) == [1, 0, 2, 3]
    assert level_of(0) == NORMAL


async def test_requests_of_one_group_run_by_level_and_then_by_arrival():
    parts = jobs(("a", "m", 3), ("b", "m", 1), ("c", "m", 0), ("d", "m", 3), ("e", "m", 0))
    assert await order_of(parts) == ["c", "e", "b", "a", "d"]


async def test_turns_of_other_groups_stay():
    parts = jobs(("a", "m", 1), ("x", "n", 1), ("b", "m", 0), ("y", "o", 9))
    assert await order_of(parts) == ["b", "x", "y", "a"]  # the second request of m comes after the first of o


async def test_the_order_of_groups_is_that_without_levels():
    for seed in range(20):
        draw = random.Random(seed)
        drawn = [(str(i), draw.choice("mno"), draw.randrange(4)) for i in range(12)]
        groups = {name: group for name, group, _ in drawn}
        found = await order_of(jobs(*drawn))
        plain = await order_of(jobs(*((name, group, NORMAL) for name, group, _ in drawn)))
        assert [groups[name] for name in found] == [groups[name] for name in plain]
        for group in "mno":
            own = [(level, int(name)) for name, each, level in drawn if each == group]
            assert [int(name) for name in found if groups[name] == group] == [number for _, number in sorted(own)]


async def test_a_group_that_sends_many_waits_for_them_itself():
    parts = jobs(*((f"m{i}", "m", NORMAL) for i in range(4)), ("x", "n", NORMAL), ("y", "n", NORMAL))
    assert await order_of(parts) == ["m0", "x", "m1", "y", "m2", "m3"]
    assert await order_of(parts, weights={"m": 4.0}) == ["m0", "x", "m1", "m2", "m3", "y"]


async def test_a_request_is_not_starved():
    parts = jobs(("a", "m", 3), ("b", "m", 0), ("c", "m", 0))
    assert await order_of(parts, LONGEST_YIELD - 1) == ["b", "c", "a"]
    assert await order_of(parts, LONGEST_YIELD + 1) == ["a", "b", "c"]


async def test_a_turn_is_not_taken_by_much_more_work():
    for cost, order in ((CHEAPER - 0.1, ["b", "x", "a"]), (CHEAPER + 0.1, ["a", "x", "b"])):
        drawn: list[Job] = [("a", "m", 3, 0.1, 1), ("x", "n", 1, 0.1, 1), ("b", "m", 0, 0.1 * cost, 1)]
        assert await order_of(drawn) == order


async def test_a_turn_is_not_taken_by_what_does_not_fit():
    log, queue = [], ExecutorQueue(2, 100, Clock())
    first, other = Held("first", log), Held("other", log)
    tasks = [queue.submit(work, 1.0, size) for work, size in ((first, 60), (other, 0))]
    await begun(first), await begun(other)
    tasks.append(queue.submit(Held("small", log).done(), 1.0, 40, Rank("m", 3)))
    tasks.append(queue.submit(Held("large", log).done(), 1.0, 60, Rank("m", 0)))
    other.done()
    await asyncio.gather(tasks[1].done, tasks[2].done)
    assert "large" not in log
    first.done()
    await asyncio.gather(*(task.done for task in tasks))
    queue.close()


@pytest.mark.parametrize(("rank", "seconds"), [(Rank("m", 0), 1), (Rank("m", 1), 3), (Rank("m", 2), 4), (None, 2)])
async def test_the_expected_wait_counts_levels(rank: Rank | None, seconds: float):
    """One second of work runs, and three of other requests wait; another group comes after the first of them."""
    log, queue = [], ExecutorQueue(1, 100, Clock())
    running = Held("running", log)
    tasks = [queue.submit(running, 1.0, 0)]
    await begun(running)
    tasks += [queue.submit(Held("", log).done(), 1.0, 0, Rank("m", level)) for level in (1, 1, 2)]
    assert queue.wait(1.0, rank) == pytest.approx(1.0 + seconds)
    running.done()
    await asyncio.gather(*(task.done for task in tasks))
    queue.close()


async def test_tasks_that_are_dropped_no_longer_count():
    log, queue = [], ExecutorQueue(1, 100, Clock())
    running = Held("running", log)
    tasks = [queue.submit(running, 1.0, 0)]
    await begun(running)
    dropped = queue.submit(Held("dropped", log), 1.0, 0, Rank("m", 5))
    assert queue._leveled
    queue.drop(dropped)
    assert not queue._leveled
    running.done()
    await asyncio.gather(*(task.done for task in tasks))
    queue.close()
