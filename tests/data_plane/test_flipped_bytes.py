"""A real worker whose mapped files another program changes in place, between and during calls."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import grpc
import numpy as np
import pytest

from pretzel.data_plane.cache.layout import Layout
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, regression
from tests.data_plane.test_worker import scrape, until
from tests.data_plane.worker import WorkerProcess

PACKED, SEPARATE = 4_000, 25_000
"""Widths of models: 32 kB per vector, in a pack, and 200 kB, in separate files."""
FLIPS = 60


def change(path: Path, offset: int, data: bytes) -> None:
    """Write into a file as a program does that does not know of its maps."""
    path.chmod(0o644)
    with open(path, "r+b", buffering=0) as file:
        file.seek(offset)
        file.write(data)


def whole_files(cache: Path) -> list[tuple[Path, int, int]]:
    """Return the ranges of the cached objects that matter: a path, an offset and a size each."""
    objects = [(path, 64, path.stat().st_size - 64) for path in Layout(cache).objects.glob("??/*")]
    packs = [(path, 0, 200_000) for path in Layout(cache).packs.glob("*.pack")]
    return objects + packs


def flip(cache: Path, chosen: random.Random) -> None:
    """Invert 64 bytes, so that a weight differs by more than rounding."""
    path, first, size = chosen.choice(whole_files(cache))
    at = first + chosen.randrange(size - 64)
    try:
        data = path.read_bytes()[at : at + 64]
        change(path, at, bytes(255 - byte for byte in data))
    except FileNotFoundError:
        pass  # it was moved to quarantine meanwhile


@pytest.fixture
async def control():
    control = ScriptedControlPlane()
    await control.start()
    yield control
    await control.stop()


class Callers:
    """Calls of every model, each compared with its expected output."""

    def __init__(self, worker: WorkerProcess, widths: dict[str, int]) -> None:
        self.worker, self.widths = worker, widths
        self.answered, self.wrong, self.lost = 0, 0, 0
        self.stop = asyncio.Event()

    async def call(self, number: int) -> None:
        wants = {name: expected(w, np.ones((1, w)), i, own=i) for i, (name, w) in enumerate(self.widths.items())}
        while not self.stop.is_set():
            for name, width in self.widths.items():
                try:
                    got = await self.worker.predict(name, np.ones((1, width)), "predict", timeout=20)
                except grpc.aio.AioRpcError:
                    self.lost += 1
                    continue
                self.answered += 1
                self.wrong += not np.allclose(got["predict"], wants[name])


@pytest.mark.long
async def test_bytes_that_others_change_give_no_wrong_answer(control: ScriptedControlPlane, tmp_path: Path):
    widths = {f"m{i}": PACKED if i % 2 else SEPARATE for i in range(6)}
    for i, (name, width) in enumerate(widths.items()):
        await deploy(control, name, regression(width, bias=i, own=i))
    worker = await WorkerProcess.start(tmp_path, control.address, "--workers", "2")
    callers, chosen = Callers(worker, widths), random.Random(3)
    tasks = [asyncio.create_task(callers.call(i)) for i in range(3)]
    try:
        for _ in range(FLIPS):
            before = callers.answered
            await until(lambda before=before: callers.answered > before + 3, 30)
            flip(tmp_path, chosen)
        before = callers.answered
        await until(lambda: callers.answered > before + 30, 30)
        assert (await scrape(worker))["pretzel_damaged_objects_total",] > FLIPS // 4
    finally:
        callers.stop.set()
        await asyncio.gather(*tasks)
        await worker.close()
    print(callers.answered, "answered", callers.lost, "lost", callers.wrong, "wrong")
    assert callers.wrong == 0
    assert callers.lost == 0
