"""Pulling from a scripted control plane over real gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from pretzel.data_plane.cache.layout import Layout
from pretzel.data_plane.cache.scrub import Scrubber
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.pull.channel import connect
from pretzel.data_plane.pull.origin import ControlPlane
from pretzel.data_plane.pull.puller import Puller
from pretzel.data_plane.pull.report import Reporter
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, PlanInput, PlanOutput, Stage
from pretzel.plan.types import dense
from tests.data_plane.cache.damage import flip
from tests.data_plane.control import ScriptedControlPlane, version


def plan_over(*parameters: Digest) -> Plan:
    stage = Stage("linear", "linear.dense", {}, {str(i): d for i, d in enumerate(parameters)}, (0,), dense("f64"), "f")
    return Plan("1", (PlanInput("x", dense("f64", 3)),), (stage,), (PlanOutput("y", 1),))


class Worker:
    """A puller that records its publications, over a cache that outlives it."""

    def __init__(self, path: Path, address: str, accept_epoch: str = "") -> None:
        self.cache = ObjectCache(path)
        self.channel = connect(address)
        self.seen: list[Catalog] = []
        self.puller = Puller(ControlPlane(self.channel, "w"), self.cache, self.publish, accept_epoch=accept_epoch)
        self.task = None

    async def publish(self, catalog: Catalog) -> None:
        plans = [v.plan for name in catalog.records for v in catalog.get(name).versions]
        assert all(map(self.cache.has, plans))  # before publication
        self.seen.append(catalog)

    def start(self) -> None:
        self.task = asyncio.create_task(self.puller.run())

    async def until(self, condition: Callable[[Catalog], bool]) -> Catalog:
        async with asyncio.timeout(10), self.puller._arrived:
            await self.puller._arrived.wait_for(lambda: condition(self.puller.published))
        return self.puller.published

    async def stop(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self.channel.close()
        self.cache.close()


@pytest.fixture
async def control():
    control = ScriptedControlPlane()
    await control.start()
    yield control
    await control.stop()


@pytest.fixture
async def worker(control: ScriptedControlPlane, tmp_path: Path):
    worker = Worker(tmp_path, control.address)
    yield worker
    await worker.stop()


def deployable(control: ScriptedControlPlane, *sizes: int, seed: int = 0) -> Plan:
    """A plan with parameters of these sizes, all in the store."""
    parameters = [control.store(Parameter.of([f"{seed}" * size]).blob) for size in sizes]
    plan = plan_over(*parameters)
    control.store(plan.encoded)
    return plan


async def test_objects_arrive_before_the_catalog(control: ScriptedControlPlane, worker: Worker):
    plan = deployable(control, 10, 200_000)
    await control.deploy("a", plan.digest)
    worker.start()
    catalog = await worker.until(lambda c: c.revision == 1)
    newest = catalog.find("a")
    assert newest == version("a", 1, plan.digest)
    assert newest == catalog.find("a@1") == catalog.find("a:stable")
    assert all(map(worker.cache.has, plan.objects))


async def test_changes_and_deletions_are_followed(control: ScriptedControlPlane, worker: Worker):
    worker.start()
    first, second = deployable(control, 5), deployable(control, 6)
    await control.deploy("a", first.digest)
    await control.deploy("b", first.digest)
    await control.deploy("a", second.digest)
    catalog = await worker.until(lambda c: c.revision == 3)
    assert catalog.find("a").plan == second.digest
    await control.delete("b")
    catalog = await worker.until(lambda c: c.revision == 4)
    assert list(catalog.records) == ["a"]


async def test_shared_objects_are_fetched_once(control: ScriptedControlPlane, worker: Worker):
    shared = control.store(b"shared" * 50)
    for i in range(20):
        plan = plan_over(shared, control.store(b"own %d" % i))
        await control.deploy(f"m{i}", control.store(plan.encoded))
    worker.start()
    await worker.until(lambda c: c.revision == 20)
    fetched = [digest for batch in control.fetches for digest in batch]
    assert len(fetched) == len(set(fetched)) == 41


async def test_a_break_is_resumed_from_the_last_revision(control: ScriptedControlPlane, worker: Worker):
    worker.start()
    plan = deployable(control, 5)
    await control.deploy("a", plan.digest)
    await worker.until(lambda c: c.revision == 1)
    await control.stop()
    await control.deploy("b", plan.digest)
    await control.start(control.port)
    await worker.until(lambda c: c.revision == 2)
    assert (control.watches[-1].epoch, control.watches[-1].revision) == ("first", 1)


@pytest.mark.parametrize("size", [50, 200_000])
@pytest.mark.parametrize("damage", ["missing", "flipped", "truncated", "longer"])
async def test_a_damaged_object_keeps_the_old_version_and_blocks_no_other_model(
    control: ScriptedControlPlane, worker: Worker, size: int, damage: str
):
    worker.start()
    good, bad, other = (deployable(control, size, seed=seed) for seed in (1, 2, 3))
    await control.deploy("a", good.digest)
    await worker.until(lambda c: c.revision == 1)
    victim = next(iter(bad.objects))
    data = control.objects[victim]
    control.objects[victim] = {"flipped": data[:-1] + b"?", "truncated": data[:-1], "longer": data + b"x"}.get(damage)
    if damage == "missing":
        del control.objects[victim]
    await control.deploy("a", bad.digest)
    await control.deploy("b", other.digest)
    catalog = await worker.until(lambda c: c.revision == 3)
    assert catalog.find("a").plan == good.digest
    assert catalog.find("b").plan == other.digest
    assert worker.puller.held == {"a"}
    assert worker.puller.fetcher.failures >= 1
    control.objects[victim] = data  # repaired
    catalog = await worker.until(lambda c: c.find("a").plan == bad.digest)
    assert worker.puller.held == set()


async def test_an_unreachable_store_does_not_advance_the_revision(control: ScriptedControlPlane, worker: Worker):
    worker.start()
    plan = deployable(control, 50)
    await control.deploy("a", plan.digest)
    await worker.until(lambda c: c.revision == 1)
    control.refuse_fetches = grpc.StatusCode.UNAVAILABLE
    await control.deploy("b", plan.digest)  # needs nothing new
    await worker.until(lambda c: c.revision == 2)
    await control.deploy("c", deployable(control, 51).digest)
    await worker.until(lambda _: worker.puller.held == {"c"})
    assert worker.puller.published.revision == 2
    control.refuse_fetches = None
    await worker.until(lambda c: c.revision == 3)


async def test_a_restarted_worker_serves_without_a_control_plane(control: ScriptedControlPlane, tmp_path: Path):
    plan = deployable(control, 50, 100_000)
    await control.deploy("a", plan.digest)
    first = Worker(tmp_path, control.address)
    first.start()
    await first.until(lambda c: c.revision == 1)
    await first.stop()
    await control.stop()
    again = Worker(tmp_path, control.address)
    await again.puller.restore()
    assert again.puller.published == first.puller.published
    assert again.puller.started
    await control.start(control.port)
    await control.deploy("b", plan.digest)
    again.start()
    await again.until(lambda c: c.revision == 2)
    assert (control.watches[-1].epoch, control.watches[-1].revision) == ("first", 1)
    await again.stop()


async def stored(control: ScriptedControlPlane, path: Path) -> list[Plan]:
    """Deploy the models a and b to a worker in this directory, stop it, and return their plans."""
    plans = [deployable(control, 100_000, seed=seed) for seed in (1, 2)]
    for name, plan in zip("ab", plans, strict=True):
        await control.deploy(name, plan.digest)
    first = Worker(path, control.address)
    first.start()
    await first.until(lambda c: c.revision == 2)
    await first.stop()
    return plans


async def test_objects_damaged_while_down_are_held_back_then_fetched_again(
    control: ScriptedControlPlane, tmp_path: Path
):
    plans = await stored(control, tmp_path)
    torn = Layout(tmp_path).file(next(iter(plans[0].objects)))
    torn.chmod(0o644)
    torn.write_bytes(b"torn")
    again = Worker(tmp_path, control.address)
    await again.puller.restore()
    assert list(again.puller.published.records) == ["b"]
    again.start()
    catalog = await again.until(lambda c: len(c) == 2)
    assert catalog.find("a").plan == plans[0].digest
    await again.stop()


async def test_a_restart_publishes_what_is_stored_and_checks_it_then(control: ScriptedControlPlane, tmp_path: Path):
    plans = await stored(control, tmp_path)
    damaged = next(iter(plans[0].objects))
    again = Worker(tmp_path, control.address)
    flip(again.cache, damaged)
    await again.puller.restore()
    assert sorted(again.puller.published.records) == ["a", "b"]
    assert again.cache.known().isdisjoint(plans[1].objects)
    assert list(Scrubber(again.cache, 0).first()) == [damaged]
    assert again.cache.known() == again.cache.digests() == {*plans[1].objects, *(plan.digest for plan in plans)}
    await again.puller.replace([damaged])
    assert again.cache.has(damaged)
    await again.stop()


async def test_catching_up(control: ScriptedControlPlane, worker: Worker):
    worker.start()
    await worker.until(lambda c: c.epoch == "first")
    await control.deploy("a", deployable(control, 5).digest)
    assert await worker.puller.catch_up(10)
    assert worker.puller.published.find("a").version == 1
    async with asyncio.timeout(30):
        assert await worker.puller.catch_up(60)  # nothing new: answered at once


async def test_catching_up_is_bounded(control: ScriptedControlPlane, worker: Worker):
    worker.start()
    await worker.until(lambda c: c.epoch == "first")
    await control.stop()
    async with asyncio.timeout(30):
        assert not await worker.puller.catch_up(0.2)


async def test_needed_objects(control: ScriptedControlPlane, worker: Worker):
    worker.start()
    old, new = deployable(control, 5), deployable(control, 6)
    await control.deploy("a", old.digest)
    await worker.until(lambda c: c.revision == 1)
    await control.set(Model("a", (version("a", 2, new.digest),), {"stable": 2}))
    await worker.until(lambda c: c.revision == 2)
    assert worker.puller.needed() == {new.digest, *new.objects}
    worker.cache.collect(worker.puller.needed(), 0, 0)
    assert worker.cache.digests() == {new.digest, *new.objects}


async def test_reports(control: ScriptedControlPlane, worker: Worker):
    reporter = Reporter(worker.channel, lambda: {"worker": "w", "revision": 7}, 60)
    task = asyncio.create_task(reporter.run())
    async with asyncio.timeout(10):
        while len(control.reports) < 3:  # every sixty seconds without the interval of the control plane
            await asyncio.sleep(0.01)
        task.cancel()
        await reporter.leave()
    assert [report.leaving for report in control.reports[:3]] == [False] * 3
    assert control.reports[-1].leaving and control.reports[-1].revision == 7
