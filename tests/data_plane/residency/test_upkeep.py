"""Upkeep after loads and evictions: their callers go on first, and it is done in small sets."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.residency import entry as entries
from pretzel.data_plane.residency import upkeep
from pretzel.data_plane.residency.ledger import Holding
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.upkeep import SETTLE_LOADS, TRIM_BYTES, Upkeep
from tests.data_plane.models import put, regression


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Calls of `settle`, which does nothing here, after a pause that only the test ends."""
    calls: list[int] = []
    monkeypatch.setattr(upkeep, "settle", lambda: calls.append(1))
    monkeypatch.setattr(upkeep, "PAUSE", 3600.0)
    return calls


@pytest.fixture
def cache(tmp_path: Path):
    cache = ObjectCache(tmp_path)
    yield cache
    cache.close()


def elapse(kept: Upkeep) -> None:
    """Let the pause end now."""
    assert kept._timer is not None
    kept._timer.cancel()
    kept._work()


async def test_callers_have_their_plans_before_objects_are_settled(
    cache: ObjectCache, tmp_path: Path, settled: list[int]
):
    plans = PlanCatalog(ObjectReader(tmp_path), 1 << 40)
    for i in range(SETTLE_LOADS):
        assert plans._upkeep._timer is None
        assert await plans.load(plans.entry(put(cache, regression(3, own=i))))
    assert settled == []
    elapse(plans._upkeep)
    assert settled == [1]
    plans.close()


async def test_every_set_of_loads_is_settled_once(settled: list[int]):
    kept = Upkeep(lambda work: None)
    for rounds in (1, 2, 3):
        for _ in range(SETTLE_LOADS):
            kept.loaded()
        elapse(kept)
        assert len(settled) == rounds
        assert kept._timer is None


async def test_the_heap_is_returned_by_the_thread_that_loads(settled: list[int]):
    submitted: list[Callable[[], None]] = []
    kept = Upkeep(submitted.append)
    for _ in range(TRIM_BYTES // 1000 + 1):
        kept.freed(1000)
    assert submitted == []
    elapse(kept)
    assert submitted == [upkeep.trim_heap]
    kept.freed(1000)
    assert kept._timer is None
    assert settled == []


async def test_nothing_is_done_after_the_end(settled: list[int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upkeep, "PAUSE", 0.0)
    kept = Upkeep(lambda work: None)
    for _ in range(SETTLE_LOADS):
        kept.loaded()
    kept.close()
    await asyncio.sleep(0.01)
    assert settled == []


async def test_loaded_objects_are_excluded_from_collections(
    cache: ObjectCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(upkeep, "PAUSE", 0.0)
    plans, before = PlanCatalog(ObjectReader(tmp_path), 1 << 40), gc.get_freeze_count()
    try:
        for i in range(SETTLE_LOADS):
            await plans.load(plans.entry(put(cache, regression(3, own=i))))
        async with asyncio.timeout(10):
            while gc.get_freeze_count() == before:
                await asyncio.sleep(0.001)
    finally:
        gc.unfreeze()
        plans.close()


async def test_work_in_proportion_to_a_plan_is_done_by_the_thread_that_loads(
    cache: ObjectCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    places: set[str] = set()
    estimate, of = entries.estimate, Holding.of

    def noted(work):
        def run(*args):
            places.add(threading.current_thread().name)
            return work(*args)

        return run

    monkeypatch.setattr(entries, "estimate", noted(estimate))
    monkeypatch.setattr(Holding, "of", noted(of))
    for budget in (1 << 40, 20_000):  # with room, and after the event loop looked at what must leave
        plans = PlanCatalog(ObjectReader(tmp_path), budget)
        entry = plans.entry(put(cache, regression(3)))
        plans.pin([] if budget > 1 << 30 else [entry.digest])
        assert await plans.load(entry)
        assert entry.cost_of(None).expected(24, 1) > 0
        plans.close()
    assert places == {"loader_0"}
