"""Heap of resident plans: counted about right, and freed by reference counts."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.plans import PlanCatalog
from tests.data_plane.models import forget, put, regression


@pytest.fixture
def cache(tmp_path: Path):
    cache = ObjectCache(tmp_path)
    yield cache
    cache.close()


def catalog(tmp_path: Path) -> PlanCatalog:
    return PlanCatalog(ObjectReader(tmp_path), 1 << 40)


async def test_an_evicted_plan_is_freed_without_a_garbage_collection(cache: ObjectCache, tmp_path: Path):
    """Resident plans are excluded from collections, so that a cycle in one would stay."""
    plans, digest = catalog(tmp_path), put(cache, regression(3, own=77))
    forget()
    gc.collect()
    gc.disable()
    try:
        executable = await plans.load(plans.entry(digest))
        executable.run({"x": np.ones((1, 3))}, ["predict"])
        gone = weakref.ref(executable)
        del executable
        plans.let_go([digest])
        async with asyncio.timeout(10):
            while gone() is not None:  # the task and the thread that loaded it end
                await asyncio.sleep(0.001)
        assert len(plans._stages) == 0
    finally:
        gc.enable()


async def test_a_load_is_counted_with_about_what_it_allocates(cache: ObjectCache, tmp_path: Path):
    plans = catalog(tmp_path)
    entries = [plans.entry(put(cache, regression(3, own=i))) for i in range(60)]
    rows = np.ones((1, 3))

    async def load(some: list[Entry]) -> None:
        for entry in some:
            (await plans.load(entry)).run({"x": rows}, ["predict"])

    await load(entries[:10])
    tracemalloc.start()
    try:
        before, counted = tracemalloc.get_traced_memory()[0], plans.bytes
        await load(entries[10:])
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.7 < (plans.bytes - counted) / taken < 1.6
