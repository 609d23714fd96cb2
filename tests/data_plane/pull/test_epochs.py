"""A control plane of another store: the served models keep serving until an operator confirms the change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.pull.epochs import hold_reason
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.pull.test_puller import Worker, control, deployable  # noqa: F401

SERVING = Catalog("old", 5, {"a": b"1", "b": b"2"})


@pytest.mark.parametrize(
    ("serving", "offered", "more"),
    [
        (Catalog(), Catalog("new", 1), {}),  # nothing is served
        (Catalog("old", 5), Catalog("new", 1), {}),
        (SERVING, Catalog("old", 6), {}),  # the same store may delete anything
        (SERVING, Catalog("new", 1, {"a": b"3", "b": b"4", "c": b"5"}), {}),  # no model would be dropped
        (SERVING, Catalog("new", 1), {"replaces": "old"}),
        (SERVING, Catalog("new", 1), {"accepted": "new"}),
    ],
)
def test_followed(serving: Catalog, offered: Catalog, more: dict[str, str]):
    assert hold_reason(serving, offered, **more) == ""


@pytest.mark.parametrize(
    ("serving", "more"),
    [
        (SERVING, {}),
        (SERVING, {"replaces": "older"}),
        (SERVING, {"accepted": "another"}),
        (Catalog("", 0, {"a": b"1"}), {"replaces": ""}),  # saved by a worker that did not save its epoch
    ],
)
def test_held(serving: Catalog, more: dict[str, str]):
    reason = hold_reason(serving, Catalog("new", 1, {"b": b"2"}), **more)
    assert "is of epoch new, and lacks models that are served from epoch" in reason
    assert ": a; nothing is changed until" in reason
    assert "--accept-epoch new" in reason


async def lose_the_catalog(control: ScriptedControlPlane, worker: Worker, replaces: str = "") -> None:  # noqa: F811
    """Two models are served; then the control plane returns with an empty catalog."""
    worker.start()
    plan = deployable(control, 5)
    await control.deploy("a", plan.digest)
    await control.deploy("b", plan.digest)
    await worker.until(lambda c: c.revision == 2)
    await control.stop()
    control.epoch, control.revision, control.models, control.log = "second", 0, {}, []
    control.replaces = replaces
    await control.deploy("c", plan.digest)
    await control.start(control.port)


async def held(worker: Worker) -> None:
    async with asyncio.timeout(10):
        while not worker.puller.epoch_hold:
            await asyncio.sleep(0.01)


async def test_an_unknown_epoch_is_held_also_over_a_restart(control: ScriptedControlPlane, tmp_path: Path):  # noqa: F811
    worker = Worker(tmp_path, control.address)
    await lose_the_catalog(control, worker)
    await held(worker)
    await control.deploy("d", deployable(control, 6).digest)  # a change on top of the held catalog
    assert (worker.puller.published.epoch, sorted(worker.puller.published.records)) == ("first", ["a", "b"])
    await worker.stop()

    again = Worker(tmp_path, control.address)
    await again.puller.restore()
    again.start()
    await held(again)
    assert sorted(again.puller.published.records) == ["a", "b"]
    for name in "ab":  # deployed again: no model would be dropped
        await control.deploy(name, deployable(control, 7).digest)
    catalog = await again.until(lambda c: c.epoch == "second")
    assert (sorted(catalog.records), again.puller.epoch_hold) == (["a", "b", "c", "d"], "")
    await again.stop()


async def test_an_epoch_that_declares_which_one_it_replaces(control: ScriptedControlPlane, tmp_path: Path):  # noqa: F811
    worker = Worker(tmp_path, control.address)
    await lose_the_catalog(control, worker, replaces="first")
    catalog = await worker.until(lambda c: c.epoch == "second")
    assert (list(catalog.records), catalog.revision) == (["c"], 1)
    await worker.stop()


async def test_an_epoch_that_the_worker_is_configured_to_accept(control: ScriptedControlPlane, tmp_path: Path):  # noqa: F811
    worker = Worker(tmp_path, control.address, accept_epoch="second")
    await lose_the_catalog(control, worker)
    catalog = await worker.until(lambda c: c.epoch == "second")
    assert list(catalog.records) == ["c"]
    await worker.stop()
