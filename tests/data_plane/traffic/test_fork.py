"""The choice of a branch: by a key alike everywhere, at random in the shares asked for, and once per call."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.traffic.fork import Fork, picked, seed
from pretzel.data_plane.traffic.origin import MetadataOrigin, key_in
from pretzel.plan.traffic import SLOTS, resliced

CALLS = 20_000


class Keyed:
    """A call with a key, or without one."""

    def __init__(self, key: bytes | None) -> None:
        self.key = key

    def route_key(self) -> bytes | None:
        return self.key


def fork(runs: Any, model: str = "m") -> Fork:
    return Fork(model, [(f"v{version}", slots) for version, slots in runs])


def keys(count: int) -> list[Keyed]:
    return [Keyed(f"user-{i}".encode()) for i in range(count)]


def test_the_hash_of_a_key_never_changes():
    """Check that keys are hashed as by the first release: workers of several releases may serve together."""
    places = "".join(fork([(1, 5000), (2, 5000)]).pick(origin)[1] for origin in keys(64))
    assert places == "1121112112211212212122211222222121212221121212211221222121221211"


def test_the_same_key_takes_the_same_branch_in_each_process():
    one, other = fork([(1, 9000), (2, 1000)]), fork([(1, 9000), (2, 1000)])
    for origin in keys(200):
        assert one.pick(origin) == other.pick(Keyed(origin.key)) == one.pick(Keyed(origin.key))


def test_models_split_keys_differently():
    one, other = fork([(1, 5000), (2, 5000)], "a"), fork([(1, 5000), (2, 5000)], "b")
    alike = sum(one.pick(Keyed(key.key)) == other.pick(Keyed(key.key)) for key in keys(CALLS))
    assert alike == pytest.approx(CALLS / 2, rel=0.05)  # fixed keys: the same number each time


@given(st.integers(1, SLOTS - 1), st.integers(1, SLOTS - 1))
def test_a_larger_share_moves_only_keys_to_it(first: int, second: int):
    before = ((1, SLOTS - first), (2, first))
    after = resliced(before, {1: SLOTS - second, 2: second})
    old, new = fork(before), fork(after)
    moved = {(old.pick(Keyed(key.key)), new.pick(Keyed(key.key))) for key in keys(300)}
    assert moved <= {("v1", "v1"), ("v2", "v2"), ("v1", "v2") if second > first else ("v2", "v1")}


@pytest.mark.parametrize("share", [1, 100, 500, 2500, 5000, 9999])
def test_random_calls_have_their_shares(share: int):
    seed(11)
    split = fork([(1, SLOTS - share), (2, share)])
    counts = Counter(split.pick(None) for _ in range(CALLS))
    expected = CALLS * share / SLOTS
    assert abs(counts["v2"] - expected) <= 4 * (expected * (1 - share / SLOTS)) ** 0.5 + 1  # a fixed sequence


def test_keys_have_their_shares():
    counts = Counter(fork([(1, 7000), (2, 2000), (3, 1000)]).pick(key) for key in keys(CALLS))
    for version, share in (("v1", 0.7), ("v2", 0.2), ("v3", 0.1)):
        assert counts[version] == pytest.approx(CALLS * share, rel=0.05)  # fixed keys


def test_a_call_without_a_key_keeps_its_point():
    split = fork([(1, 5000), (2, 5000)])
    for _ in range(50):
        origin = Keyed(None)
        assert len({split.pick(origin) for _ in range(10)}) == 1


def test_a_seed_repeats_the_draws():
    split = fork([(1, 5000), (2, 5000)])
    seed(3)
    first = [split.pick(None) for _ in range(100)]
    seed(3)
    assert [split.pick(None) for _ in range(100)] == first
    assert [split.pick(None) for _ in range(100)] != first


def test_a_route_without_a_fork_is_taken():
    route = SimpleNamespace(fork=None)
    assert picked(route, Keyed(b"x")) is route
    assert picked(SimpleNamespace(fork=fork([(5, SLOTS)])), None) == "v5"


def test_a_split_has_all_slots():
    with pytest.raises(ValueError, match="model 'm': a split of 9999 slots; expected 10000"):
        fork([(1, SLOTS - 1)])


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ([], None),
        ([("pretzel-route-key", "a")], b"a"),
        ([(b"x", b"y"), (b"pretzel-route-key", b"a"), (b"pretzel-route-key", b"b")], b"a"),
        ([("pretzel-route-key", "")], None),
        ([("pretzel-route-key-2", "a")], None),
    ],
)
def test_the_key_among_fields(fields: list[tuple[Any, Any]], key: bytes | None):
    assert key_in(fields) == key
    assert MetadataOrigin(SimpleNamespace(invocation_metadata=lambda: fields)).route_key() == key
