"""Requests of one program that wait run as one, if that pays; each keeps its own end."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.scheduling.cost import Cost
from pretzel.data_plane.scheduling.gathering import MOST_EACH, Bounds, companions, expected_of
from pretzel.data_plane.scheduling.pace import Pace
from pretzel.data_plane.scheduling.policy import NORMAL, Limits, Rank
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.scheduling.row_costs import PAUSE, RETRY, TRIAL, WAY, RowCosts, rounded
from pretzel.data_plane.scheduling.task import Task
from pretzel.data_plane.scheduling.turn import ALONE
from pretzel.engine.footprint import Need
from pretzel.errors import DeadlineError, InputError


def measured(alone: float = 1.0, together: float = 0.25) -> RowCosts:
    """Costs per row of one row, and of any more."""
    costs = RowCosts()
    for _ in range(3):
        costs.learn(1, alone)
        for rows in (2, 4, 8, 16, 32, 64):
            costs.learn(rows, together * rows)
    return costs


class Job:
    """A request whose value is its answer."""

    need, level, size, waits = Need(8, 8, True), NORMAL, 8, False

    def __init__(self, value: Any, program: object, cost: Cost, rows: int = 1, deadline: float = 0.0) -> None:
        self.value, self.program, self.cost, self.rows, self.deadline = value, program, cost, rows, deadline

    def compute(self, token, most, helpers=None):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def compute_with(self, others, token, deadline):
        return self.program.run([self, *others])


class Program:
    """Holds its runs until they are released, and records which requests ran as one."""

    def __init__(self) -> None:
        self.runs: list[list[Any]] = []
        self.begun, self.release, self.fails = threading.Event(), threading.Event(), False

    def run(self, jobs: list[Job]) -> list[Any]:
        self.runs.append([job.value for job in jobs])
        self.begun.set()
        assert self.release.wait(10)
        if self.fails:
            raise InputError("one of them")
        return [ALONE if isinstance(job.value, InputError) else job.value for job in jobs]


class Held(Job):
    """A request that runs alone until it is released."""

    def __init__(self) -> None:
        super().__init__("held", None, Cost())
        self.release = threading.Event()
        self.cost.rate = 1e-9  # so the reserved thread takes nothing

    def compute(self, token, most, helpers=None):
        assert self.release.wait(10)
        return self.value


class Busy:
    """An engine whose only thread is held while requests arrive."""

    def __init__(self, gather_rows: int = 64) -> None:
        self.tally, self.program, self.cost, self.held = Tally(), Program(), Cost(), Held()
        self.cost.rate, self.cost._by_rows = 1e-6, measured(1e-4, 2e-5)
        self.engine = RequestEngine(Limits(-1.0, 1000), 1, tally=self.tally, gather_rows=gather_rows)
        self.calls = [asyncio.create_task(self.engine.execute(self.held))]

    async def ask(self, *values: Any, **options: Any) -> list[asyncio.Task[Any]]:
        """Submit requests, which wait."""
        calls = [asyncio.create_task(self.engine.execute(self.job(value, **options))) for value in values]
        await asyncio.sleep(0)
        return calls

    def job(self, value: Any, **options: Any) -> Job:
        return Job(value, self.program, self.cost, **options)


@pytest.fixture
async def busy():
    busy = Busy()
    await asyncio.sleep(0)
    yield busy
    busy.held.release.set()
    busy.program.release.set()
    busy.engine.close()


async def test_requests_that_wait_run_as_one(busy: Busy):
    calls = await busy.ask(*range(8))
    busy.program.release.set()
    busy.held.release.set()
    assert await asyncio.gather(*calls) == list(range(8))
    assert busy.program.runs == [list(range(8))]
    counts = busy.tally.counts
    assert (counts["gathered_runs"], counts["gathered_requests"], counts["gathered_rows"]) == (1, 8, 8)
    assert busy.engine.queued == busy.cost.queued == busy.engine.bytes == 0


async def test_other_programs_and_python_values_run_alone(busy: Busy):
    calls = await busy.ask(1)
    other = Job("other", Program(), Cost())
    calls.append(asyncio.create_task(busy.engine.execute(other)))
    await asyncio.sleep(0)
    busy.held.release.set()
    assert await asyncio.gather(*calls) == [1, "other"]
    assert not busy.program.runs


async def test_zero_rows_turn_it_off():
    busy = Busy(gather_rows=0)
    await asyncio.sleep(0)
    calls = await busy.ask(*range(8))
    busy.held.release.set()
    assert await asyncio.gather(*calls) == list(range(8))
    assert not busy.program.runs
    busy.engine.close()


async def test_a_rejected_value_fails_its_request_only(busy: Busy):
    calls = await busy.ask(1, InputError("row 0"), 2, 3)
    busy.program.release.set()
    busy.held.release.set()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [found[0], str(found[1]), *found[2:]] == [1, "row 0", 2, 3]


async def test_after_a_failed_run_each_request_has_its_own_end(busy: Busy):
    busy.program.fails = True
    calls = await busy.ask(1, InputError("row 0"), InputError("row 1"), 3)
    busy.program.release.set()
    busy.held.release.set()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [found[0], *map(str, found[1:3]), found[3]] == [1, "row 0", "row 1", 3]


async def test_a_cancelled_request_does_not_stop_the_others(busy: Busy):
    calls = await busy.ask(1, 2, 3, 4)
    busy.held.release.set()
    assert await asyncio.to_thread(busy.program.begun.wait, 10)
    calls[1].cancel()
    await asyncio.sleep(0)
    busy.program.release.set()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [found[0], *found[2:]] == [1, 3, 4]
    assert isinstance(found[1], asyncio.CancelledError)


async def test_a_request_that_ends_after_its_deadline_is_late_and_alone_in_that(busy: Busy):
    (soon,) = await busy.ask("soon", deadline=time.monotonic() + 0.2)
    calls = await busy.ask(*range(7))
    busy.held.release.set()
    assert await asyncio.to_thread(busy.program.begun.wait, 10)
    await asyncio.to_thread(threading.Event().wait, 0.25)
    busy.program.release.set()
    with pytest.raises(DeadlineError):
        await soon
    assert await asyncio.gather(*calls) == list(range(7))


jobs = st.lists(st.tuples(st.integers(1, 2 * MOST_EACH), st.integers(0, 50), st.booleans()), max_size=30)


@given(jobs, st.integers(2, 64), st.integers(0, 1000), st.integers(1, 4))
def test_what_is_taken_fits_and_keeps_its_order(parts, most_rows, memory, threads):
    first, waiting = tasks(parts)
    taken = companions(first, waiting, Bounds(most_rows, memory, 1e9, threads, 0.0, Pace()))
    assert all(task.gatherable.key is first.gatherable.key and task.gatherable.rows <= MOST_EACH for task in taken)
    rows = sum(task.gatherable.rows for task in [first, *taken])
    assert not taken or rows <= most_rows
    assert sum(task.bytes + task.gatherable.copied for task in taken) <= max(memory - first.gatherable.copied, 0)
    alike = [task for task in waiting if task.gatherable.key is first.gatherable.key]
    assert taken == [task for task in alike if task.gatherable.rows <= MOST_EACH][: len(taken)]


class Turn:
    """The properties by which companions are chosen."""

    def __init__(self, rows: int, key: object, costs: RowCosts, deadline: float = 0.0) -> None:
        self.rows, self.key, self.costs, self.deadline, self.copied = rows, key, costs, deadline, 8


def tasks(parts, **options):
    """A task of one row, and further ones of the same program or of another."""
    costs, ours, theirs = measured(), object(), object()

    async def made():
        first = Task(print, 1.0, 10, 0.0, 0, Rank("m"), 0.0, Turn(1, ours, costs))
        turns = [Turn(rows, ours if own else theirs, costs, **options) for rows, _, own in parts]
        return first, [
            Task(print, 1.0, size, 0.0, i + 1, Rank("m"), 0.0, turn)
            for i, (turn, (_, size, _)) in enumerate(zip(turns, parts, strict=True))
        ]

    return asyncio.run(made())


def bounds(**changed) -> Bounds:
    return Bounds(64, 10_000, 1e9, 1, 0.0, Pace())._replace(**changed)


@pytest.mark.parametrize(("longest", "count"), [(1e9, 15), (2.9, 7), (0.4, 0)])
def test_a_run_is_not_longer_than_its_bound(longest: float, count: int):
    first, waiting = tasks([(1, 0, True)] * 20)
    assert len(companions(first, waiting, bounds(longest=longest))) == count


@pytest.mark.parametrize(("deadline", "count"), [(0.0, 15), (-1.0, 0), (2.5, 7), (100.0, 15)])
def test_a_run_ends_before_the_deadlines_in_it(deadline: float, count: int):
    first, waiting = tasks([(1, 0, True)] * 20, deadline=deadline)
    assert len(companions(first, waiting, bounds())) == count


@pytest.mark.parametrize(("threads", "count"), [(1, 15), (2, 7), (3, 3)])
def test_each_thread_takes_its_share(threads: int, count: int):
    first, waiting = tasks([(1, 0, True)] * 15)
    assert len(companions(first, waiting, bounds(threads=threads))) == count


def test_the_wait_counts_alike_requests_by_their_common_run():
    _, waiting = tasks([(1, 0, True)] * 16)
    assert expected_of(waiting, 0) == 16
    assert expected_of(waiting, 64) == pytest.approx(4)


@pytest.mark.parametrize(("rows", "whole"), [(1, 1), (3, 2), (7, 4), (8, 8), (15, 8), (31, 24), (64, 64)])
def test_rows_of_a_run_are_whole_groups(rows: int, whole: int):
    assert rounded(rows) == whole


def test_a_run_of_several_pays_only_if_it_is_measured_to():
    costs = RowCosts()
    assert not costs.pays([1] * 8)  # their own runs were never measured
    costs.learn(1, 1.0)
    for _ in range(3):
        assert costs.pays([1] * 8)  # it is tried
        costs.learn(8, 7.9)
    assert sum(costs.pays([1] * 8) for _ in range(RETRY)) == 1  # and is tried again
    for _ in range(20):
        costs.learn(8, 1.0)
    assert sum(costs.pays([1] * 8) for _ in range(RETRY)) == RETRY - 1  # as are their own runs
    assert costs.expected(1) == 1.0  # a common run does not make single ones look cheap


def test_requests_meet_on_a_thread_while_that_pays():
    costs = RowCosts()
    assert sum(costs.promises for _ in range(TRIAL + PAUSE)) <= TRIAL
    costs = measured()
    for _ in range(3 * TRIAL):
        costs.pays([1] * 8)
        assert costs.promises


def test_requests_meet_on_a_thread_only_if_that_saves_more_than_the_way():
    costs = measured(alone=2 * WAY, together=1.1 * WAY)
    for _ in range(TRIAL):
        costs.promises  # noqa: B018
        costs.pays([1] * 8)
    assert not costs.promises
    assert sum(costs.pays([1] * 8) for _ in range(RETRY)) == RETRY - 1  # those that meet anyway run as one


def test_trials_in_vain_become_rare():
    costs = RowCosts()
    first, later = (sum(costs.promises for _ in range(16 * PAUSE)) for _ in range(2))
    assert 0 < later < first
    costs.learn(1, 1.0)
    costs.pays([1] * 8)  # it is tried
    assert sum(costs.promises for _ in range(16 * PAUSE)) >= first
