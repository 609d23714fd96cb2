"""Kept answers: only for named models, only what is expensive, least recently used out first, never over the budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.results import MOST_KEY, PRICE_SECONDS, ResultCache
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion

DIGEST = Digest.of(b"plan")
COSTLY = 1.0


def version(model: str, number: int = 1) -> ModelVersion:
    return ModelVersion(model, number, DIGEST, DIGEST)


def kept(budget: int = 1 << 20, *models: str):
    tally = Tally()
    cache = ResultCache(models or ("a",), budget, tally)
    return cache, cache.of(version("a"), "Predict"), tally


def test_only_named_models_keep_answers():
    cache, _, _ = kept(1 << 20, "a", "b")
    assert cache.of(version("b"), "Predict") is not None
    assert cache.of(version("c"), "Predict") is None
    everything, _, _ = kept(1 << 20, "*")
    assert everything.of(version("c"), "Predict") is not None
    assert ResultCache(("a",), 0, Tally()).of(version("a"), "Predict") is None


def test_an_answer_comes_again_and_both_are_counted():
    cache, results, tally = kept()
    assert results.get(b"request") is None
    results.put(b"request", b"answer", 3, COSTLY)
    assert results.get(b"request") == (b"answer", 3)
    assert tally.snapshot()["look_ups"] == {"a": [1, 1]}
    assert cache.bytes > len(b"request") + len(b"answer")


def test_versions_and_protocols_are_apart():
    cache, results, _ = kept()
    results.put(b"request", b"answer", 1, COSTLY)
    assert cache.of(version("a", 2), "Predict").get(b"request") is None
    assert cache.of(version("a"), "ModelInfer").get(b"request") is None
    assert cache.of(version("a"), "Predict").get(b"request") == (b"answer", 1)


@pytest.mark.parametrize(("seconds", "size"), [(PRICE_SECONDS * 0.99, 10), (COSTLY, MOST_KEY + 1)])
def test_what_does_not_pay_is_not_kept(seconds, size):
    cache, results, _ = kept()
    results.put(bytes(size), b"answer", 1, seconds)
    assert results.get(bytes(size)) is None
    assert cache.bytes == 0


def test_an_answer_beyond_the_budget_is_not_kept():
    cache, results, _ = kept(1000)
    results.put(b"request", bytes(2000), 1, COSTLY)
    assert results.get(b"request") is None
    assert cache.bytes == 0


def test_the_least_recently_used_goes_first():
    cache, results, tally = kept(1500)
    for name in (b"first", b"second"):
        results.put(name, bytes(300), 1, COSTLY)
    assert results.get(b"first")
    results.put(b"third", bytes(300), 1, COSTLY)
    assert results.get(b"second") is None
    assert results.get(b"first")
    assert results.get(b"third")
    assert tally.counts["result_evictions"] == 1


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4000), st.booleans()), max_size=60))
def test_it_holds_what_was_put_within_its_budget(steps):
    cache, results, _ = kept(10_000)
    model: dict[bytes, bytes] = {}
    for number, size, puts in steps:
        request = b"request %d" % number
        found = results.get(request)
        if found is not None:
            assert found[0] == model[request]
        elif puts:
            model[request] = bytes([number]) * size
            results.put(request, model[request], 1, COSTLY)
        assert 0 <= cache.bytes <= 10_000
