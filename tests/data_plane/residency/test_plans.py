"""Plans in memory: loaded once, shared, bounded and released."""

from __future__ import annotations

import asyncio
import gc
import mmap
import os
from pathlib import Path

import numpy as np
import pytest

from pretzel.data_plane.cache.layout import Layout
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.residency.ledger import Holding, mapped_bytes
from pretzel.data_plane.residency.merged_plans import JointCatalog
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.errors import ExhaustedError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan
from pretzel.serving.heap import trim_heap
from tests.data_plane.models import expected, forget, put, regression

WIDE = 20_000  # 160 kB per vector
VECTOR = 40 * mmap.PAGESIZE


def heap_bytes(cache: ObjectCache, digest: Digest) -> int:
    """Return the bytes of a plan besides its vectors."""
    holding = Holding.of(digest, Plan.from_encoded(cache.fetch(digest)))
    return holding.heap + mapped_bytes(digest)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def cache(tmp_path: Path):
    cache = ObjectCache(tmp_path)
    yield cache
    cache.close()


def catalog(tmp_path: Path, budget: int = 1 << 40, **options) -> PlanCatalog:
    return PlanCatalog(ObjectReader(tmp_path), budget, clock=Clock(), **options)


async def test_a_plan_answers(cache: ObjectCache, tmp_path: Path):
    plans = catalog(tmp_path)
    executable = await plans.load(plans.entry(put(cache, regression(3))))
    rows = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(executable.run({"x": rows}, ["predict"])["predict"], expected(3, rows))


async def test_concurrent_requests_cause_one_load(cache: ObjectCache, tmp_path: Path, monkeypatch):
    plans, loads = catalog(tmp_path), []
    build = plans._build
    monkeypatch.setattr(plans, "_build", lambda *plan: loads.append(plan) or build(*plan))
    entry = plans.entry(put(cache, regression(3)))
    executables = await asyncio.gather(*(plans.load(entry) for _ in range(50)))
    assert len(loads) == 1
    assert len(set(map(id, executables))) == 1


async def test_a_cancelled_caller_does_not_fail_the_others(cache: ObjectCache, tmp_path: Path):
    plans = catalog(tmp_path)
    entry = plans.entry(put(cache, regression(3)))
    first, second = (asyncio.create_task(plans.load(entry)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is entry.executable


async def test_the_loop_is_free_while_a_plan_loads(cache: ObjectCache, tmp_path: Path, monkeypatch):
    import threading

    plans, release = catalog(tmp_path), threading.Event()
    build = plans._build
    monkeypatch.setattr(plans, "_build", lambda *plan: release.wait(10) and build(*plan))
    loading = asyncio.create_task(plans.load(plans.entry(put(cache, regression(3)))))
    for _ in range(10):
        await asyncio.sleep(0.001)
    assert not loading.done()
    release.set()
    await loading


async def test_shared_objects_are_counted_and_mapped_once(cache: ObjectCache, tmp_path: Path):
    plans = catalog(tmp_path)
    digests = [put(cache, regression(WIDE, own=i)) for i in range(10)]
    forget()
    for digest in digests:
        await plans.load(plans.entry(digest))
    own = sum(heap_bytes(cache, digest) for digest in digests)
    assert plans.bytes == own + 12 * VECTOR  # two shared, ten unshared
    maps = Path("/proc/self/maps").read_text().count(str(Layout(tmp_path).objects))
    assert maps == 12
    kernels = len(plans._stages)
    assert kernels == 11


async def test_the_least_recently_used_is_evicted(cache: ObjectCache, tmp_path: Path):
    digests = [put(cache, regression(WIDE, shared=10 * i, own=i)) for i in range(4)]
    one = heap_bytes(cache, digests[0]) + 3 * VECTOR
    plans = catalog(tmp_path, 3 * one + 1000)
    entries = [plans.entry(digest) for digest in digests]
    for entry in entries[:3]:
        await plans.load(entry)
    await plans.load(entries[0])  # used again
    await plans.load(entries[3])
    assert [entry.executable is not None for entry in entries] == [True, False, True, True]
    assert plans.bytes <= 3 * one + 1000
    assert set(plans.resident) == {digests[0], digests[2], digests[3]}
    await plans.load(entries[1])
    assert entries[2].executable is None


async def test_pinned_plans_stay(cache: ObjectCache, tmp_path: Path):
    digests = [put(cache, regression(WIDE, shared=10 * i, own=i)) for i in range(4)]
    one = heap_bytes(cache, digests[0]) + 3 * VECTOR
    plans = catalog(tmp_path, 2 * one + 1000)
    plans.pin([digests[0]])
    entries = [plans.entry(digest) for digest in digests]
    for entry in entries:
        await plans.load(entry)
    assert [entry.executable is not None for entry in entries] == [True, False, False, True]
    plans.pin([digests[0], digests[3]])
    with pytest.raises(ExhaustedError, match="with the pinned plans.*PRETZEL_MEMORY_BUDGET"):
        await plans.load(entries[1])
    assert [entry.executable is not None for entry in entries] == [True, False, False, True]


async def test_a_plan_over_the_budget_is_rejected_and_evicts_nothing(cache: ObjectCache, tmp_path: Path):
    small, large = put(cache, regression(3)), put(cache, regression(WIDE))
    plans = catalog(tmp_path, 100_000)
    await plans.load(plans.entry(small))
    with pytest.raises(ExhaustedError, match=r"\d bytes, 100000 allowed; raise PRETZEL_MEMORY_BUDGET$"):
        await plans.load(plans.entry(large))
    assert set(plans.resident) == {small}


async def test_a_caller_with_an_evicted_plan_may_finish(cache: ObjectCache, tmp_path: Path):
    digests = [put(cache, regression(WIDE, shared=10 * i, own=i)) for i in range(2)]
    plans = catalog(tmp_path, heap_bytes(cache, digests[0]) + 3 * VECTOR + 1000)
    held = await plans.load(plans.entry(digests[0]))
    await plans.load(plans.entry(digests[1]))
    assert plans.entry(digests[0]).executable is None
    rows = np.ones((1, WIDE))
    np.testing.assert_allclose(held.run({"x": rows}, ["predict"])["predict"], expected(WIDE, rows))


def resident_bytes() -> int:
    gc.collect()
    trim_heap()  # also of what earlier tests freed
    fields = Path("/proc/self/smaps_rollup").read_text().split()
    return 1024 * int(fields[fields.index("Rss:") + 1])


def mapped_objects(path: Path) -> int:
    return Path("/proc/self/maps").read_text().count(str(Layout(path).objects))


async def test_memory_is_released(cache: ObjectCache, tmp_path: Path):
    width = 200_000  # 1.6 MB per vector, 4.8 MB per plan
    digests = [put(cache, regression(width, shared=10 * i, own=i)) for i in range(4)]
    plans = catalog(tmp_path, heap_bytes(cache, digests[0]) + 3 * (8 * width + 4096) + 1000)
    rows = np.ones((1, width))
    forget()

    async def cycle() -> None:
        for digest in digests:
            executable = await plans.load(plans.entry(digest))
            executable.run({"x": rows}, ["predict"])

    for _ in range(3):
        await cycle()
    before = resident_bytes()
    for _ in range(15):
        await cycle()
    after = resident_bytes()
    assert len(plans.resident) == 1
    assert mapped_objects(tmp_path) == 3
    assert after - before < 3 << 20  # sixty loads of 4.8 MB
    plans.close()


@pytest.mark.parametrize("damage", ["missing", "truncated"])
async def test_a_damaged_object_is_reported_and_loads_once_repaired(cache: ObjectCache, tmp_path: Path, damage: str):
    doubted: list[Digest] = []
    digest = put(cache, regression(WIDE))
    plans = catalog(tmp_path, doubt=doubted.append)
    victim = next(iter(Plan.from_encoded(cache.fetch(digest)).objects))
    good, path = bytes(cache.fetch(victim)), Layout(tmp_path).file(victim)
    path.chmod(0o644)
    path.unlink() if damage == "missing" else os.truncate(path, 100)
    with pytest.raises(UnavailableError, match="it is being fetched again, retry"):
        await plans.load(plans.entry(digest))
    assert doubted == [digest]
    assert not cache.recheck(victim)
    cache.add(victim, good)
    await plans.load(plans.entry(digest))


async def test_joint_executables_are_built_once_and_evicted_with_their_plans(cache: ObjectCache, tmp_path: Path):
    digests = [put(cache, regression(WIDE, own=i)) for i in range(3)]
    plans = catalog(tmp_path, 3 * heap_bytes(cache, digests[0]) + 4 * VECTOR + 1000)
    joint, entries = JointCatalog(plans), [plans.entry(digest) for digest in digests]
    for entry in entries[:2]:
        await plans.load(entry)
    executable, _ = await joint.get(entries[:2])
    assert (await joint.get(entries[:2]))[0] is executable
    rows = np.ones((2, WIDE))
    results = executable.run({"x": rows}, ["1/predict", "0/predict"])
    for i in range(2):
        np.testing.assert_allclose(results[f"{i}/predict"], expected(WIDE, rows, own=i))
    await plans.load(entries[2])  # the first is evicted
    assert entries[0].executable is None
    assert (await joint.get(entries[:2]))[0] is not executable


async def test_damage_evicts_its_plans_and_calls_wait_for_the_replacement(cache: ObjectCache, tmp_path: Path):
    digests = [put(cache, regression(WIDE, own=i)) for i in range(2)] + [put(cache, regression(WIDE, shared=50, own=9))]
    plans = catalog(tmp_path)
    entries = [plans.entry(digest) for digest in digests]
    forget()
    for entry in entries:
        await plans.load(entry)
    shared = set.intersection(*(set(entry.holding.objects) for entry in entries[:2]))
    victim, rows = min(shared), np.ones((1, WIDE))
    good, path = bytes(cache.fetch(victim)), Layout(tmp_path).file(victim)
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.write(bytes(len(good)))
    held = entries[0].executable  # a running call has it, with all its kernels
    plans.distrust([victim])
    assert [entry.executable is None for entry in entries] == [True, True, False]
    loading = [asyncio.create_task(plans.load(entry)) for entry in entries]
    await asyncio.sleep(0.05)
    assert [task.done() for task in loading] == [False, False, True]
    assert not cache.recheck(victim)
    cache.add(victim, good)
    plans.trust([victim])
    for i, task in enumerate(loading[:2]):
        got = (await task).run({"x": rows}, ["predict"])["predict"]
        np.testing.assert_allclose(got, expected(WIDE, rows, own=i))
    assert held is not entries[0].executable


async def test_calls_wait_for_a_replacement_only_for_a_bounded_time(cache: ObjectCache, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("pretzel.data_plane.residency.trust.REPAIR_SECONDS", 0.05)
    plans, digest = catalog(tmp_path), put(cache, regression(WIDE))
    await plans.load(plans.entry(digest))
    plans.distrust([digest])
    with pytest.raises(UnavailableError, match="is damaged on this worker and is being fetched again; retry"):
        await plans.load(plans.entry(digest))


async def test_collected_plans_are_evicted(cache: ObjectCache, tmp_path: Path):
    events: list[tuple[str, Digest]] = []
    plans, digests = catalog(tmp_path, notify=lambda *what: events.append(what)), []
    forget()
    for i in range(2):
        digests.append(put(cache, regression(WIDE, shared=10 * i, own=i)))
        await plans.load(plans.entry(digests[i]))
    forget()
    assert mapped_objects(tmp_path) == 6
    plans.let_go([digests[0], Digest.of(b"never here")])
    gc.collect()
    assert set(plans.resident) == {digests[1]}
    assert mapped_objects(tmp_path) == 3
    assert events == [("loading", digests[0]), ("loading", digests[1]), ("evicted", digests[0])]


async def test_a_plan_is_trusted_again_while_the_cache_cannot_be_read(cache: ObjectCache, tmp_path: Path):
    plans = catalog(tmp_path)
    digest = put(cache, regression(3))
    await plans.load(plans.entry(digest))
    plans.distrust([digest])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Layout, "pack_numbers", lambda layout: os.listdir("/nowhere"))
        with pytest.raises(OSError):
            plans.trust([digest])
    assert await plans.load(plans.entry(digest))


async def test_a_plan_loads_when_no_thread_can_be_started(cache: ObjectCache, tmp_path: Path, monkeypatch):
    def refuse(thread: object) -> None:
        raise RuntimeError("can't start new thread")

    plans, digest = catalog(tmp_path), put(cache, regression(3))
    monkeypatch.setattr("threading.Thread.start", refuse)
    assert await plans.load(plans.entry(digest))
