"""Real workers whose cache breaks at run time: a full disk, flipped bits, truncated files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from pretzel.data_plane.residency.flight import PAGE
from tests.data_plane.cache_damage import (
    cut_objects,
    cut_pack,
    delete_objects,
    flip_objects,
    flip_pack,
    objects,
)
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, regression
from tests.data_plane.test_worker import scrape, until
from tests.data_plane.worker import WorkerProcess
from tests.helpers.disks import Disk, small_disk

LARGE, MEDIUM, SMALL = 100_000, 25_000, 4_000
"""Widths of models: 800 or 200 kB per vector, in separate files, and 32 kB, in a pack."""


@pytest.fixture
async def control() -> AsyncIterator[ScriptedControlPlane]:
    control = ScriptedControlPlane()
    await control.start()
    yield control
    await control.stop()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path, 24) as disk:
        yield disk


class Models:
    """Deployed models and their expected outputs."""

    def __init__(self, control: ScriptedControlPlane) -> None:
        self.control = control
        self.widths: dict[str, int] = {}
        self.seeds: dict[str, int] = {}
        self.wants: dict[str, np.ndarray] = {}

    async def deploy(self, name: str, width: int, seed: int) -> None:
        await deploy(self.control, name, regression(width, bias=seed, own=seed))
        self.widths[name], self.seeds[name] = width, seed
        self.wants[name] = expected(width, np.ones((1, width)), seed, own=seed)

    async def delete(self, name: str) -> None:
        await self.control.delete(name)
        del self.widths[name]

    async def ask(self, worker: WorkerProcess, name: str) -> str:
        """Call a model; raise if its output is wrong, and return the status and message if the call fails."""
        try:
            got = await worker.predict(name, np.ones((1, self.widths[name])), "predict", timeout=10)
        except grpc.aio.AioRpcError as error:
            return f"{error.code().name}: {error.details()}"
        np.testing.assert_allclose(got["predict"], self.wants[name], err_msg=name)
        return ""

    async def ask_all(self, worker: WorkerProcess) -> dict[str, str]:
        """Call every model, and return the errors of those that failed."""
        errors = {name: await self.ask(worker, name) for name in list(self.widths)}
        return {name: why for name, why in errors.items() if why}


def held(control: ScriptedControlPlane) -> dict[str, str]:
    return {item.model: item.reason for item in control.reports[-1].held} if control.reports else {}


def current(control: ScriptedControlPlane) -> bool:
    return bool(control.reports) and control.reports[-1].revision == control.revision


async def without_retries(worker: WorkerProcess) -> WorkerProcess:
    """Return a client that sees each failure, without retries."""
    plain = WorkerProcess(worker.process, worker.ready)
    await plain.channel.close()
    plain.channel = grpc.aio.insecure_channel(f"127.0.0.1:{worker.ready['port']}")
    plain.stub = type(worker.stub)(plain.channel)
    return plain


@pytest.mark.long
async def test_a_full_disk_gives_no_wrong_answer_and_heals(control: ScriptedControlPlane, disk: Disk):
    models = Models(control)
    worker = await WorkerProcess.start(disk.root / "cache", control.address)
    plain = await without_retries(worker)
    try:
        for i in range(60):
            await models.deploy(f"m{i}", SMALL if i % 3 == 0 else LARGE, i)
            await until(lambda: current(control))  # one that does not fit does not hold back later revisions
            if len(held(control)) >= 4:
                break
        failed = await models.ask_all(plain)
        assert len(failed) >= 4
        assert len(failed) <= len(models.widths) - 15
        assert failed.keys() == held(control).keys()
        assert all(why.startswith("UNAVAILABLE: model 'm") for why in failed.values())
        assert all("No space left on device" in why or "no room on the disk" in why for why in failed.values())
        assert all("sha256:" in reason for reason in held(control).values())
        assert (await scrape(worker))["pretzel_models_held_back",] == len(failed)

        await models.deploy("tiny", 3, 7)  # stored in its plan, and in the rest of a pack
        await until(lambda: current(control))
        for name in list(models.widths)[:14]:
            if name not in failed:
                await models.delete(name)
        await until(lambda: current(control) and not held(control), 60)
        assert await models.ask_all(plain) == {}
        assert (await scrape(worker))["pretzel_models_held_back",] == 0
    finally:
        await plain.channel.close()
        await worker.close()


@pytest.mark.long
async def test_a_disk_that_others_fill_and_free_heals_unattended(control: ScriptedControlPlane, disk: Disk):
    models = Models(control)
    await models.deploy("before", LARGE, 1)
    worker = await WorkerProcess.start(disk.root / "cache", control.address)
    plain = await without_retries(worker)
    try:
        await until(lambda: current(control))
        assert disk.room() > 10_000_000
        with disk.filled():
            await models.deploy("large", LARGE, 2)
            await models.deploy("small", SMALL, 3)
            await until(lambda: current(control) and held(control).keys() == {"large", "small"})
            assert (await models.ask_all(plain)).keys() == {"large", "small"}
        start = time.monotonic()
        await until(lambda: current(control) and not held(control) and not control.reports[-1].problems, 30)
        assert time.monotonic() - start < 15
        assert await models.ask_all(plain) == {}
    finally:
        await plain.channel.close()
        await worker.close()


@pytest.mark.long
@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("damage", [flip_pack, flip_objects, cut_pack, cut_objects, delete_objects])
async def test_damage_while_running_heals(
    control: ScriptedControlPlane, tmp_path: Path, damage: Callable[[Path], None], processes: str
):
    models = Models(control)
    await models.deploy("small", SMALL, 1)
    await models.deploy("large", LARGE, 2)
    fast = ["--scrub-bytes-per-second", str(1 << 28), "--workers", processes]
    worker = await WorkerProcess.start(tmp_path, control.address, *fast)
    try:
        await until(lambda: current(control))
        for _ in range(4):
            assert await models.ask_all(worker) == {}
        before = set(objects(tmp_path))
        damage(tmp_path)

        async def healed() -> bool:
            numbers = await scrape(worker)
            return numbers["pretzel_damaged_objects_total",] > 0 and numbers["pretzel_objects_being_replaced",] == 0

        start = time.monotonic()
        while not await healed():
            assert time.monotonic() - start < 30
            await asyncio.sleep(0.05)
        for _ in range(20):  # by every process, and with every call answered
            async with grpc.aio.insecure_channel(f"127.0.0.1:{worker.ready['port']}") as channel:
                fresh = WorkerProcess(worker.process, worker.ready)
                await fresh.channel.close()
                fresh.channel, fresh.stub = channel, type(worker.stub)(channel)
                assert await models.ask_all(fresh) == {}
        assert set(objects(tmp_path)) == before
        await until(lambda: not control.reports[-1].problems)
    finally:
        await worker.close()


@pytest.mark.long
async def test_truncated_files_under_load_lose_no_call(control: ScriptedControlPlane, tmp_path: Path):
    models = Models(control)
    for i in range(6):
        await models.deploy(f"m{i}", SMALL if i % 2 else MEDIUM, i)  # a request fits the retry buffer of a client
    worker = await WorkerProcess.start(tmp_path, control.address, "--workers", "2")
    stop, answered, failures = asyncio.Event(), 0, []

    async def caller(number: int) -> None:
        nonlocal answered
        while not stop.is_set():
            for name in models.widths:
                if why := await models.ask(worker, name):
                    failures.append(why)
                answered += 1

    try:
        await until(lambda: current(control))
        callers = [asyncio.create_task(caller(i)) for i in range(3)]
        await until(lambda: answered > 30)
        for damage in (cut_pack, cut_objects, cut_pack, cut_objects):
            damage(tmp_path)
            before = answered
            await until(lambda before=before: answered > before + 60, 60)
        stop.set()
        await asyncio.gather(*callers)  # raises the first error
        assert failures == []
        assert await models.ask_all(worker) == {}
    finally:
        await worker.close()


def running(worker: WorkerProcess) -> bytes:
    """Read the flight record of the first process of a worker, as its supervisor does; empty before the first."""
    for path in Path(f"/proc/{worker.process.pid}/fd").iterdir():
        if "memfd:flight" in os.readlink(path):
            with open(path, "rb") as notes:
                return notes.read(PAGE)
    return b""


def serving_process(worker: WorkerProcess) -> int | None:
    """The one serving process of a worker, while it lives."""
    return next(iter(worker.group() - {worker.process.pid}), None)


async def end_while_it_runs(worker: WorkerProcess, plan: bytes, enough: Callable[[], bool]) -> None:
    """Kill each serving process with SIGSEGV while it runs a plan, as if the plan did it."""
    while not enough():
        pid = serving_process(worker)
        if pid is not None and plan in running(worker):
            with contextlib.suppress(ProcessLookupError):  # it has exited since it was listed
                os.kill(pid, signal.SIGSTOP)
                if plan in running(worker):
                    os.kill(pid, signal.SIGSEGV)
                os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0)


@pytest.mark.long
async def test_a_plan_that_kills_is_barred_and_the_others_are_served(control: ScriptedControlPlane, tmp_path: Path):
    models = Models(control)
    plan = await deploy(control, "killer", regression(3, own=1))
    await models.deploy("light", SMALL, 2)
    worker = await WorkerProcess.start(tmp_path, control.address)
    rows, stop = np.ones((200_000, 3)), asyncio.Event()

    async def keep_killing() -> None:
        while not stop.is_set():
            try:
                await worker.predict("killer", rows, "predict", timeout=5)
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.05)

    try:
        assert await models.ask(worker, "light") == ""
        first = serving_process(worker)
        os.kill(first, signal.SIGSEGV)  # no cause can be found: from now on runs are recorded
        await until(lambda: serving_process(worker) not in (None, first))
        callers = [asyncio.create_task(keep_killing()) for _ in range(3)]
        async with asyncio.timeout(60):
            await end_while_it_runs(
                worker, bytes.fromhex(plan.hex), lambda: any(plan.hex in text for text in control.reports[-1].problems)
            )
        with pytest.raises(grpc.aio.AioRpcError, match="it crashed several processes of this worker") as caught:
            await worker.predict("killer", rows[:1], timeout=20)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        for _ in range(20):
            assert await models.ask(worker, "light") == ""
        restarts = (await scrape(worker))["pretzel_process_restarts_total",]
        assert 3 <= restarts <= 6  # a run may end before the signal arrives, and such a death blames no plan
    finally:
        stop.set()
        await asyncio.gather(*callers, return_exceptions=True)
        await worker.close()
