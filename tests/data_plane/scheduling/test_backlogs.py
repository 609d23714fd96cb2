"""Keys of requests by what their group already waits for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.scheduling.backlogs import Backlogs
from pretzel.data_plane.scheduling.policy import CHEAPER, LONGEST_YIELD, PATIENCE, Rank, priority

requests = st.lists(st.tuples(st.floats(0, 9), st.floats(0.001, 5), st.sampled_from("mn")), min_size=1, max_size=30)


@given(requests, st.floats(0.01, 100))
def test_no_key_is_before_that_of_a_request_alone_nor_after_the_longest_yield(parts, weight):
    backlogs, now = Backlogs(), 0.0
    for later, expected, group in parts:
        now += later
        rank = Rank(group, weight=weight)
        key = backlogs.key(now, expected, 1, rank)
        assert priority(now, expected) <= key <= now + LONGEST_YIELD
        backlogs.add(rank, key, expected, 1)


@given(requests)
def test_requests_that_are_alike_keep_their_order(parts):
    backlogs, now, waiting = Backlogs(), 0.0, []
    rank = Rank("m")
    for later, seconds, action in parts:
        now += later
        if action == "n" and waiting:
            _, its = waiting.pop(0)
            backlogs.remove(rank, its)
            continue
        key = backlogs.key(now, seconds, 1, rank)
        assert not waiting or key >= waiting[-1][0]  # whatever its cost was believed to be
        backlogs.add(rank, key, seconds, 1)
        waiting.append((key, seconds))


@given(requests)
def test_an_empty_group_is_forgotten(parts):
    backlogs = Backlogs()
    for _, expected, group in parts:
        backlogs.add(Rank(group), 1.0, expected, 1)
    for _, expected, group in parts:
        backlogs.remove(Rank(group), expected)
    assert not backlogs._groups


def test_a_much_smaller_request_may_come_before_others_of_its_group():
    backlogs, rank = Backlogs(), Rank("m")
    backlogs.add(rank, PATIENCE * 9, 1.0, 1000)  # the backlog has shrunk since
    assert backlogs.key(0.0, 0.1, 900 / CHEAPER, rank) < PATIENCE * 9
    assert backlogs.key(0.0, 0.1, 1100 / CHEAPER, rank) == PATIENCE * 9
