"""Plans that are barred after deaths of processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.data_plane.residency.flight import PLANS, Flight, FlightRecorder, note_of
from pretzel.data_plane.supervise.blame import FIRST, LONGEST, SUSPICIONS, Blame
from pretzel.engine import load
from pretzel.plan.digest import Digest
from tests.data_plane.models import regression

BAD, GOOD, OTHER = b"bad", b"good", b"other"


def test_a_plan_that_ran_in_every_death_is_barred_and_one_that_ran_once_is_not():
    blame = Blame()
    assert not blame.died({BAD, GOOD}, 0)
    assert blame.barred == {}
    assert blame.died({BAD, OTHER}, 1)
    assert blame.barred == {BAD: 1 + FIRST}


def test_a_death_without_running_plans_blames_none():
    blame = Blame()
    assert not any(blame.died(set(), now) for now in range(10))
    assert not blame.died({BAD}, 11)
    assert blame.died({BAD}, 12)


def test_each_bar_is_twice_as_long_and_bounded():
    blame, now, lengths = Blame(), 0.0, []
    for _ in range(10):
        for _ in range(SUSPICIONS):
            blame.died({BAD}, now)
        lengths.append(blame.barred[BAD] - now)
        now = blame.barred[BAD]
        assert not blame.died(set(), now)
        assert blame.barred == {}
    assert lengths[:3] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert lengths[-1] == LONGEST


def test_two_plans_that_kill_are_both_found():
    blame = Blame()
    for now in range(8):
        running = {BAD, OTHER} - blame.barred.keys()
        blame.died({[*sorted(running)][now % len(running)]} if running else set(), now)
    assert blame.barred.keys() == {BAD, OTHER}


def test_loads_and_runs_are_recorded_while_they_last(recorder: FlightRecorder):
    flight = Flight(recorder.path, 1)
    plans = [Digest.of(b"%d" % i) for i in range(PLANS + 3)]
    keys = {bytes.fromhex(plan.hex) for plan in plans[:PLANS]}
    with flight.loading(plans):
        assert recorder.running(1) == keys
        assert recorder.running(0) == set()
    assert recorder.running(1) == set()
    with running(plans):
        until(lambda: recorder.running(1) == keys)
    assert recorder.running(1) == set()


@pytest.fixture
def recorder() -> Iterator[FlightRecorder]:
    recorder = FlightRecorder(2)
    yield recorder
    recorder.close()


@contextmanager
def running(plans: Sequence[Digest]) -> Iterator[None]:
    """Run one program after the other on another thread."""
    compiled = compile_plan(regression(3))
    executable = load(compiled.plan, compiled.blobs.__getitem__)
    executable.noted = note_of(plans)
    rows, stop = {"x": np.ones((100_000, 3))}, threading.Event()

    def run() -> None:
        while not stop.is_set():
            executable.run(rows)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
