"""The cache of deployments: it keeps what is used twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pretzel.engine.second_use import REMEMBERED, TRIAL, SecondUseCache


def cache(budget: int, count: int = 1 << 20) -> SecondUseCache[int, bytes]:
    return SecondUseCache(budget, len, count)


def test_a_value_that_is_used_once_gives_way_to_the_next_ones():
    kept = cache(TRIAL * 10)
    for key in range(100):
        kept.add(key, bytes(5))
    assert (len(kept), kept.held) == (2, 10)
    assert [kept.get(key) for key in (97, 98, 99)] == [None, bytes(5), bytes(5)]


def test_a_value_that_is_used_twice_outlives_many_others():
    kept = cache(TRIAL * 10)
    kept.add(-1, b"shared")
    assert kept.get(-1) == b"shared"
    for key in range(1000):
        kept.add(key, bytes(5))
    assert (kept.get(-1), kept.hits, kept.misses) == (b"shared", 2, 0)


def test_a_value_that_left_too_early_stays_the_second_time():
    kept = cache(TRIAL * 10)
    for _ in range(2):
        kept.add(-1, bytes(100))  # it does not fit among those on trial
        kept.add(0, b"own")
    assert kept.get(-1) == bytes(100)


def test_keys_that_left_are_forgotten_in_the_end():
    kept = cache(TRIAL)
    for key in range(3 * REMEMBERED):
        kept.add(key, b"1")
    assert len(kept._left) == REMEMBERED


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=80), st.integers(1, 60), st.integers(1, 8))
def test_bounds_hold_and_values_are_those_last_added(steps: list[tuple[bool, int]], budget: int, count: int):
    kept, last = cache(budget, count), dict[int, bytes]()
    for number, (adds, key) in enumerate(steps):
        if adds:
            last[key] = bytes([number]) * (key + 1)
            kept.add(key, last[key])
        else:
            assert kept.get(key) in (None, last.get(key))
        values = [*kept._trial.values(), *kept._kept.values()]
        assert kept.held == sum(map(len, values)) <= budget + budget // TRIAL
        assert len(kept._kept) <= count
    for key in last:
        kept.drop(key)
    assert (len(kept), kept.held) == (0, 0)
