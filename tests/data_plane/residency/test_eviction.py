"""Which plan leaves memory first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.eviction import OLDEST, EvictionQueue
from pretzel.plan.digest import Digest


def entry(number: int, used: float, seconds: float = 1.0) -> Entry:
    made = Entry(Digest.of(b"%d" % number))
    made.used, made.load_seconds = used, seconds
    return made


def filled(entries: list[Entry]) -> EvictionQueue:
    queue = EvictionQueue()
    for each in entries:
        queue.add(each)
    return queue


@given(st.lists(st.floats(0, 99), min_size=1, max_size=40, unique=True), st.sets(st.integers(0, 39)))
def test_equal_plans_leave_in_the_order_of_their_last_use(joined: list[float], used: set[int]):
    entries = [entry(i, at) for i, at in enumerate(sorted(joined))]
    queue = filled(entries)
    for i, each in enumerate(entries):
        each.used += 100 * (i in used)
    left: list[float] = []
    while victim := queue.victim(lambda e: True, lambda e: 1, 1000.0):
        queue.remove(victim)
        left.append(victim.used)
    assert left == sorted(left)
    assert len(left) == len(entries)


def test_of_the_oldest_the_large_and_the_cheap_leave():
    entries = [entry(i, 10.0 + i / 100) for i in range(20)]
    sizes = {e.digest: 1 for e in entries}
    sizes[entries[3].digest] = sizes[entries[OLDEST].digest] = 5  # the second is not among the oldest
    queue = filled(entries)
    assert queue.victim(lambda e: True, lambda e: sizes[e.digest], 20.0) is entries[3]
    entries[5].load_seconds = 0.1
    assert queue.victim(lambda e: True, lambda e: sizes[e.digest], 20.0) is entries[5]


def test_a_choice_looks_at_few_of_many():
    entries = [entry(i, float(i)) for i in range(10_000)]
    queue, looked = filled(entries), []
    assert queue.victim(lambda e: not looked.append(e), lambda e: 1, 1e6) is entries[0]
    assert len(looked) == OLDEST


def test_those_that_may_not_leave_stay():
    entries = [entry(i, float(i)) for i in range(30)]
    queue, kept = filled(entries), set(entries[:25])
    assert queue.victim(lambda e: e not in kept, lambda e: 1, 100.0) is entries[25]
    assert queue.victim(lambda e: False, lambda e: 1, 100.0) is None
    assert queue.victim(lambda e: True, lambda e: 1, 100.0) is not None


def test_placed_plans_leave_after_others_and_before_pinned_ones():
    entries = [entry(i, float(i)) for i in range(4)]
    queue = filled(entries)
    queue.placed, queue.kept = frozenset({entries[0].digest}), {entries[1].digest}
    queue.pinned = frozenset({entries[2].digest})
    order = []
    newest = entry(9, 99.0)
    while victim := queue.next(newest, lambda e: 1, 100.0):
        queue.remove(victim)
        order.append(entries.index(victim))
    assert (order[0], {*order}) == (3, {0, 1, 3})
