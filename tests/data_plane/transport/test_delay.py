"""The delay of the event loop, on a clock of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pretzel.data_plane.transport import delay
from pretzel.data_plane.transport.delay import BRIEF, INTERVAL, PAUSE, REST, ROUNDS, STEP, Delay


class Loop:
    """A loop whose rounds the test runs."""

    def __init__(self) -> None:
        self.now, self._ready = 100.0, list[Callable[[], None]]()

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._ready.append(callback)

    def begin_round(self) -> None:
        ready, self._ready = self._ready, []
        for callback in ready:
            callback()

    @property
    def is_idle(self) -> bool:
        return not self._ready


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    monkeypatch.setattr(delay.time, "monotonic", lambda: loop.now)
    return loop


def busy_round(loop: Loop, measured: Delay, seconds: float) -> None:
    measured.arrive(loop.now)
    loop.now += seconds
    loop.begin_round()


def test_a_brief_round_ends_the_measurement(loop: Loop):
    measured = Delay()
    busy_round(loop, measured, BRIEF / 2)
    assert loop.is_idle
    assert not measured.overloaded


def test_bytes_arrived_since_the_round_before(loop: Loop):
    measured = Delay()
    begun = [loop.now]
    for _ in range(4):
        busy_round(loop, measured, 0.01)
        begun.append(loop.now)
    assert measured.since == begun[-2]


def test_long_rounds_are_an_overload_only_if_they_last(loop: Loop):
    measured = Delay()
    rounds = 0
    while not measured.overloaded:
        busy_round(loop, measured, 0.01)
        rounds += 1
    assert rounds == pytest.approx(INTERVAL / 0.01, abs=1)
    busy_round(loop, measured, BRIEF / 2)
    assert not measured.overloaded
    assert loop.is_idle


def test_one_long_round_is_no_overload(loop: Loop):
    measured = Delay()
    busy_round(loop, measured, BRIEF / 2)
    busy_round(loop, measured, 0.9 * INTERVAL)
    assert not measured.overloaded
    loop.begin_round()  # nothing came meanwhile
    assert loop.is_idle


def test_tasks_of_a_round_count_for_the_next(loop: Loop):
    measured = Delay()
    measured.tasks = True
    busy_round(loop, measured, BRIEF / 2)
    assert not loop.is_idle
    loop.now += 2 * INTERVAL  # the tasks
    loop.begin_round()
    assert measured.overloaded


def test_an_overload_is_seen_within_a_round(loop: Loop):
    """Rounds grow while calls queue; one long round alone does not count."""
    measured = Delay()
    for _ in range(ROUNDS):
        busy_round(loop, measured, 0.02)
    loop.now += INTERVAL
    measured.arrive(loop.now)
    assert measured.overloaded
    busy_round(loop, measured, 0.0)
    loop.begin_round()
    assert not measured.overloaded
    busy_round(loop, measured, 0.02)
    loop.now += INTERVAL
    measured.arrive(loop.now)
    assert not measured.overloaded


def test_a_brief_round_between_the_calls_of_a_crowd_proves_nothing(loop: Loop):
    """They wait in a client that has used all its streams, and come when it has read the answers."""
    measured = Delay()
    for _ in range(9):
        measured.crowds = True
        busy_round(loop, measured, 0.015)
        assert measured.crowded
        loop.begin_round()
        assert loop.is_idle
        loop.now += PAUSE / 2
    assert measured.overloaded
    loop.now += PAUSE
    measured.arrive(loop.now)
    assert not measured.overloaded


def test_the_segments_of_a_round_are_counted(loop: Loop):
    measured = Delay()
    for segments in (3, 1, 2):
        for _ in range(segments):
            measured.arrive(loop.now)
        busy_round(loop, measured, 0.01)
        assert measured.segments == segments + 1


def test_refused_calls_prove_an_overload_until_the_loop_has_rested(loop: Loop):
    """Rounds are brief then, because the calls that waited were refused, until the next ones have queued."""
    measured = Delay()
    while not measured.overloaded:
        busy_round(loop, measured, 0.01)
    measured.refuses = True
    busy_round(loop, measured, BRIEF / 2)
    for _ in range(4):
        assert measured.overloaded
        busy_round(loop, measured, BRIEF / 2)
        loop.now += REST / 3.5
    measured.arrive(loop.now)
    assert not measured.overloaded


def test_a_burst_after_an_overload_is_none(loop: Loop):
    measured = Delay()
    while not measured.overloaded:
        busy_round(loop, measured, 0.01)
    measured.refuses = True
    busy_round(loop, measured, 0.01)
    busy_round(loop, measured, BRIEF / 2)
    assert loop.is_idle
    loop.now += REST
    for _ in range(ROUNDS):
        busy_round(loop, measured, 0.01)
        assert not measured.overloaded


def test_work_in_one_round_is_an_overload_and_a_pause_of_the_machine_is_none(loop: Loop):
    measured = Delay()
    measured.arrive(loop.now)
    for _ in range(round(INTERVAL / STEP)):
        loop.now += 10 * INTERVAL
        assert not measured.look(loop.now)
    loop.now += STEP
    assert measured.look(loop.now)
    loop.begin_round()
    measured.overloaded = False
    measured.arrive(loop.now)
    assert not measured.look(loop.now)  # the next round has a time of its own
