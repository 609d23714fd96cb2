"""Each background task of a worker meets each errno while it runs, and recovers unattended when the fault ends."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, regression
from tests.data_plane.test_worker import scrape, until
from tests.data_plane.worker import WorkerProcess
from tests.helpers.interposed import ALL, Faults

ERRNOS = {
    number: errno.errorcode[number] for number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EIO)
}
ROWS = np.arange(6.0).reshape(2, 3)
WIDE = 20_000
HEAL_SECONDS = 30.0


@dataclass(frozen=True)
class Scene:
    """A failing call, its path, and the trigger that makes a task call it."""

    call: str
    path: str
    task: str = ""
    """The task that must be counted as failing, unless an earlier one meets the error."""
    kill: bool = False
    """Kill a serving process, so that another must be started."""
    width: int = 3
    """Width of the model that is deployed meanwhile: wide ones are separate files."""
    known: bool = False
    """The plan that is deployed meanwhile is cached already, so that the supervisor need not fetch it."""


SCENES = {
    "catalogs: indexes cannot be opened": Scene("open", ".index", "catalogs", known=True),
    "catalogs: the directory of packs cannot be listed": Scene("open", "/packs", "catalogs", known=True),
    "pull: packs and indexes cannot be written": Scene("write", "/packs"),
    "pull: large objects cannot be created": Scene("open", "/incoming", width=WIDE),
    "pull: large objects cannot be written": Scene("write", "/incoming", width=WIDE),
    "pull: names cannot be changed": Scene("rename", "/cache/", width=WIDE),
    "pull: the catalog cannot be saved": Scene("open", "catalog"),
    "warming: objects cannot be mapped": Scene("mmap", "/objects/", width=WIDE),
    "processes: no socket for a new process": Scene("socket", "", "processes", kill=True),
    "accepting: no connection can be accepted": Scene("accept", ""),
}


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest) -> Scene:
    return SCENES[request.param]


@pytest.fixture
async def control() -> AsyncIterator[ScriptedControlPlane]:
    control = ScriptedControlPlane()
    await control.start()
    yield control
    await control.stop()


@pytest.fixture
async def worker(control: ScriptedControlPlane, faults: Faults, tmp_path: Path) -> AsyncIterator[WorkerProcess]:
    await deploy(control, "m", regression(3))
    arguments = ("--cache-grace-seconds", "1", "--workers", "2")
    running = await WorkerProcess.start(tmp_path / "cache", control.address, *arguments, environment=faults.environment)
    yield running
    await running.close()


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path / "faults")


async def right(worker: WorkerProcess, model: str, width: int = 3, own: int = 0) -> None:
    rows = ROWS if width == 3 else np.ones((1, width))
    got = (await worker.predict(model, rows, "predict", timeout=10))["predict"]
    np.testing.assert_allclose(got, expected(width, rows, own=own))


def healed(control: ScriptedControlPlane, since: int) -> Callable[[], bool]:
    """Return whether a report after ``since`` has the newest revision and no problem."""
    return lambda: any(r.revision == control.revision and not r.problems for r in control.reports[since:])


@pytest.mark.long
async def test_a_task_that_meets_an_error_recovers_when_it_ends(
    scene: Scene, control: ScriptedControlPlane, worker: WorkerProcess, faults: Faults
):
    await right(worker, "m")
    await deploy(control, "n", regression(scene.width))
    await right(worker, "n", scene.width)  # so that its next version is loaded before it takes over
    await until(healed(control, 0), HEAL_SECONDS)
    for round_number, (number, name) in enumerate(ERRNOS.items(), 1):
        before, own = faults.met(scene.call), 0 if scene.known else round_number
        faults.fail((scene.call, number, ALL, scene.path))
        if scene.kill:
            pids = worker.group() - {worker.process.pid}
            os.kill(min(pids), signal.SIGKILL)
        await deploy(control, "n", regression(scene.width, own=own))
        if scene.call != "accept":
            await until(lambda before=before: faults.met(scene.call) > before, HEAL_SECONDS)
        await right(worker, "m")  # the served version keeps serving meanwhile
        if scene.task:
            await until(lambda: any(scene.task in problem for r in control.reports[-3:] for problem in r.problems))
            assert (await scrape(worker))["pretzel_background_failing", scene.task] >= 1
        faults.lift()
        since, began = len(control.reports), time.monotonic()
        await until(healed(control, since), HEAL_SECONDS)
        await right(worker, "n", scene.width, own)
        print(f"{scene.call} {scene.path} {name}: healed after {time.monotonic() - began:.1f} s")
    numbers = await scrape(worker)
    assert numbers["pretzel_process_restarts_total",] >= len(ERRNOS) * scene.kill
    if not scene.kill:
        assert numbers["pretzel_process_restarts_total",] == 0
    if scene.task:
        assert numbers["pretzel_background_failures_total", scene.task] >= len(ERRNOS)
    assert all(value == 0 for (metric, *_), value in numbers.items() if metric == "pretzel_background_failing")
