"""Pulling onto a disk that cannot store everything."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from pretzel.plan.digest import Digest
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.pull.test_puller import Worker, control, deployable, worker
from tests.helpers.disks import small_disk

__all__ = ["control", "worker"]  # fixtures


@pytest.mark.parametrize("size", [50, 200_000])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=lambda code: errno.errorcode[code])
async def test_an_object_without_disk_space_holds_back_only_its_models(
    control: ScriptedControlPlane, worker: Worker, monkeypatch: pytest.MonkeyPatch, size: int, code: int
):
    worker.start()
    bad, other = (deployable(control, size, seed=seed) for seed in (1, 2))
    victim, real = next(iter(bad.objects)), worker.cache.receive

    def receive(digest: Digest):
        if digest == victim:
            raise OSError(code, os.strerror(code))
        return real(digest)

    with monkeypatch.context() as patch:
        patch.setattr(worker.cache, "receive", receive)
        await control.deploy("a", bad.digest)
        await control.deploy("b", other.digest)
        await control.deploy("c", other.digest)
        catalog = await worker.until(lambda c: c.revision == 3)
        assert set(catalog.records) == {"b", "c"}
        assert worker.puller.reasons == {"a": f"object {victim}: {os.strerror(code)}"}
    await worker.until(lambda c: "a" in c.records)
    assert worker.puller.held == set()


async def test_unneeded_objects_are_removed_at_once_for_space(control: ScriptedControlPlane, tmp_path: Path):
    with small_disk(tmp_path, 12) as disk:
        worker = Worker(disk.root / "cache", control.address)
        try:
            worker.start()
            for seed in range(4):  # each fits alone, no two do
                await control.deploy(f"m{seed}", deployable(control, 6_000_000, seed=seed).digest)
                await worker.until(lambda c, seed=seed: f"m{seed}" in c.records)
                assert disk.room() < 6_000_000
                await control.delete(f"m{seed}")
                await worker.until(lambda c: not c.records)
        finally:
            await worker.stop()


async def test_a_catalog_that_cannot_be_saved_is_saved_later(
    control: ScriptedControlPlane, worker: Worker, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    worker.start()
    with monkeypatch.context() as patch:
        patch.setattr(worker.cache.kept, "save", fail)
        await control.deploy("a", deployable(control, 5).digest)
        await worker.until(lambda c: c.revision == 1)
        assert worker.puller.unkept
    async with asyncio.timeout(10):
        while worker.puller.unkept:
            await asyncio.sleep(0.01)
    assert worker.cache.kept.load()[0] == worker.puller.published
