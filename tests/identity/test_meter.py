"""The buckets and counts of a meter, with a clock that the tests move, against a model of exact numbers."""

import os
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.transport.meter import HEAD, Meter
from pretzel.data_plane.transport.meters import Meters, memory_of, path_of
from pretzel.errors import ExhaustedError
from pretzel.serving.identity.limits import Limits

SECOND = 10**9
RATES = st.one_of(st.integers(1, 10**6), st.sampled_from([0.5, 0.1, 2.5]))
STEPS = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 50)), min_size=1, max_size=60)


class Clock:
    """A clock in nanoseconds that tests move."""

    def __init__(self) -> None:
        self.now = 10**15

    def __call__(self) -> int:
        return self.now


def meter(limits: dict[str, float], clock: Clock | None = None, processes: int = 1, slot: int = 0) -> Meter:
    words = np.zeros(HEAD + processes, np.int64)
    return Meter("shop", limits, words, slot, Counter(), "ops@example.org", clock)


@given(rate=RATES, steps=STEPS)
def test_a_bucket_admits_what_exact_numbers_admit(rate: float, steps: list[tuple[int, int]]):
    """Never more than the bucket and what has flowed in since; and what is refused fits after the stated time."""
    clock = Clock()
    tested = meter({"rows_per_second": rate}, clock)
    room = Fraction(max(rate, 1))
    level, last = Fraction(0), clock.now
    for passed, rows in steps:
        clock.now += passed
        level = max(Fraction(0), level - Fraction(clock.now - last) * Fraction(rate) / SECOND)
        last = clock.now
        slack = Fraction(rate) * 64 / SECOND  # each admission is rounded to a nanosecond
        refusal = tested.take_rows(rows)
        if refusal is None:
            level += rows
            assert level <= room + slack
        elif rows > room:
            assert refusal.retry_after is None
        else:
            assert level + rows > room - slack
            assert refusal.retry_after is not None
            flowed = Fraction(refusal.retry_after) * Fraction(rate)
            assert level - flowed + rows <= room + slack


@given(rate=RATES, rows=st.integers(1, 1000))
def test_what_is_given_back_may_be_taken_again(rate: float, rows: int):
    tested = meter({"rows_per_second": rate}, Clock())
    first = tested.take_rows(rows)
    if first is None:
        tested.give_rows(rows)
        assert tested.use["rows_per_second"] == 0
        assert tested.take_rows(rows) is None


@given(steps=st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=80), most=st.integers(0, 5))
def test_running_calls_never_exceed_the_limit(steps: list[tuple[int, bool]], most: int):
    words = np.zeros(HEAD + 3, np.int64)
    processes = [Meter("shop", {"concurrent_calls": most}, words, slot, Counter(), "ops") for slot in range(3)]
    running = [0, 0, 0]
    for slot, begins in steps:
        if begins:
            refused = processes[slot].enter() is not None
            assert refused == (sum(running) >= most)
            running[slot] += not refused
        elif running[slot]:
            processes[slot].leave()
            running[slot] -= 1
        assert processes[0].use["concurrent_calls"] == sum(running)


def test_a_refused_call_does_not_run():
    clock = Clock()
    tested = meter({"calls_per_second": 2, "concurrent_calls": 5}, clock)
    assert tested.enter() is None and tested.enter() is None
    refusal = tested.enter()
    assert isinstance(refusal, ExhaustedError) and refusal.retry_after == 0.5
    assert str(refusal) == (
        "identity 'shop': 2 calls per second are allowed, and are used (calls_per_second); retry in 0.5 s; "
        "ops@example.org sets this limit"
    )
    assert tested.use == {"calls_per_second": 2, "rows_per_second": 0, "concurrent_calls": 2}
    clock.now += SECOND // 2
    assert tested.enter() is None


def test_a_limit_of_zero_admits_nothing_and_names_no_time():
    for limit in ("calls_per_second", "concurrent_calls"):
        refusal = meter({limit: 0}).enter()
        assert refusal is not None and refusal.retry_after is None and f"({limit}); ops" in str(refusal)
    refusal = meter({"rows_per_second": 0}).take_rows(1)
    assert refusal is not None and refusal.retry_after is None


def test_a_flood_meets_the_same_refusal():
    """Its fields are encoded once; that of another time is another one."""
    clock = Clock()
    tested = meter({"calls_per_second": 1}, clock)
    assert tested.enter() is None
    first = tested.enter()
    assert first is not None and tested.enter() is first
    clock.now += SECOND // 4
    assert tested.enter() is not first


@pytest.fixture
def table():
    descriptor = memory_of(2)
    yield path_of(descriptor)
    os.close(descriptor)


def test_processes_share_the_use_of_an_identity(table: str):
    one, two = Meters(2, 0, table), Meters(2, 1, table)
    limits = Limits(calls_per_second=3, concurrent_calls=2)
    first, other = one.of("shop", limits, "ops"), two.of("shop", limits, "ops")
    stranger = two.of("bank", limits, "ops")
    assert first is not None and other is not None and stranger is not None
    assert first.enter() is None and other.enter() is None
    refusal = other.enter()
    assert refusal is not None and "at most 2 calls may run at the same time, and 2 do" in str(refusal)
    assert two.refused == {"concurrent_calls": 1}
    assert stranger.use["concurrent_calls"] == 0
    first.leave()
    assert other.enter() is None
    other.leave()
    refusal = first.enter()
    assert refusal is not None and "3 calls per second" in str(refusal)
    assert first.use["concurrent_calls"] == 1


def test_the_calls_of_a_killed_process_end_when_its_successor_starts(table: str):
    limits = Limits(concurrent_calls=1)
    killed = Meters(2, 0, table).of("shop", limits, "ops")
    other = Meters(2, 1, table).of("shop", limits, "ops")
    assert killed is not None and other is not None
    assert killed.enter() is None and other.enter() is not None
    assert Meters(2, 0, table).of("shop", limits, "ops") is not None
    assert other.enter() is None


def test_other_limits_keep_what_was_used():
    meters = Meters()
    before = meters.of("shop", Limits(calls_per_second=1), "ops")
    assert before is not None and before.enter() is None
    after = meters.of("shop", Limits(calls_per_second=2, concurrent_calls=1), "ops")
    assert after is before and after.enter() is not None  # one call still runs
    assert meters.of("shop", Limits(), "ops") is None
    assert meters.of("bank", Limits(), "ops") is None


def test_a_full_table_leaves_identities_to_each_process(table: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pretzel.data_plane.transport.meters.ROWS", 2)
    descriptor = memory_of(1)
    try:
        one, two = Meters(1, 0, path_of(descriptor)), Meters(1, 0, path_of(descriptor))
        limits = Limits(concurrent_calls=1)
        for name in "abc":
            first, other = one.of(name, limits, "ops"), two.of(name, limits, "ops")
            assert first is not None and other is not None
            assert first.enter() is None
            assert (other.enter() is None) == (name == "c")
    finally:
        os.close(descriptor)


def test_a_slot_must_exist(tmp_path: Path):
    with pytest.raises(ValueError, match="slot 1: expected one of 1 processes"):
        meter({}, slot=1)
