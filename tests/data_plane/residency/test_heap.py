"""Heap of resident plans: counted about right, and freed by reference counts."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, encode_model
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.plan.model import Model
from tests.data_plane.control import version
from tests.data_plane.models import forget, put, regression
from tests.data_plane.transport.test_deployed import message


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


METADATA = {"library": "sklearn 1.9", "input_names": {"x": ["a", "b", "c"]}, "estimator": "Pipeline", "verified": True}
CHOICES = ((), ("predict",))


@dataclass
class Counted:
    """Bytes that were counted, for each that was allocated."""

    ratio: float = 0.0


@contextmanager
def counting(plans: PlanCatalog) -> Iterator[Counted]:
    """Compare what is counted while the block runs with what it allocates."""
    found = Counted()
    gc.collect()
    tracemalloc.start()
    try:
        before, counted = tracemalloc.get_traced_memory()[0], plans.bytes
        yield found
        gc.collect()
        found.ratio = (plans.bytes - counted) / (tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()


async def test_a_load_is_counted_with_about_what_it_allocates(cache: ObjectCache, tmp_path: Path):
    plans = catalog(tmp_path)
    entries = [plans.entry(put(cache, regression(3, own=i))) for i in range(60)]
    rows = np.ones((1, 3))

    async def load(some: list[Entry]) -> None:
        for entry in some:
            (await plans.load(entry)).run({"x": rows}, ["predict"])

    await load(entries[:10])
    with counting(plans) as counted:
        await load(entries[10:])
    assert 0.7 < counted.ratio < 1.6


def texts_of(count: int) -> list[str]:
    return [f"choice-{i}" for i in range(count)]


async def test_routes_and_further_choices_are_counted_with_about_what_they_allocate(cache: ObjectCache, tmp_path: Path):
    plans, tally = catalog(tmp_path), Tally(1000)
    router = Router(plans, tally)
    fast = FastPredict(router, RequestEngine(Limits(1.0, 4, 1 << 40), 1), 1 << 20, tally)
    digest = put(cache, regression(3))
    versions = {name: replace(version(name, 1, digest), metadata=METADATA) for name in texts_of(300)}
    records = {name: encode_model(Model(name, (found,), {"stable": 1})) for name, found in versions.items()}
    await router.apply(Catalog("e", 1, records))
    names = list(records)
    for name in names[:50]:
        router.find(name)
    with counting(plans) as counted:
        for name in names[50:]:
            router.find(name)
    assert 0.6 < counted.ratio < 1.6

    entries = [plans.entry(put(cache, regression(3, own=i))) for i in range(60)]
    for entry in entries:
        (await plans.load(entry)).schedule(None)
    messages = [[message(name, *outputs) for name in names[:60]] for outputs in CHOICES]
    for entry, name in zip(entries, names, strict=False):
        router.find(name).entry = entry
    for sent in messages[0]:
        fast.answer(sent)
    with counting(plans) as counted:
        for sent in messages[1]:
            fast.answer(sent)
    assert all(len(entry.prepared) == len(CHOICES) for entry in entries)
    assert 0.6 < counted.ratio < 1.8
    before = plans.bytes
    plans.let_go([entry.digest for entry in entries])
    assert before - plans.bytes > 60 * 6000
