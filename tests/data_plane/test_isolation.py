"""A fault in one plan costs that plan: its process dies with it a few times, and calls of others are not lost."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest

from pretzel import AsyncClient
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, objects_of, regression
from tests.data_plane.test_worker import scrape
from tests.data_plane.worker import WorkerProcess

CRASHING = Path(__file__).parents[1] / "helpers" / "crashing.c"
FATAL = np.full((1, 3), 13.0)
ROWS = np.ones((1, 3))


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a process whose kernels can crash."""
    library = tmp_path_factory.mktemp("library") / "crashing.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, CRASHING, "-ldl"], check=True, timeout=60)
    return {"LD_PRELOAD": str(library)}


@asynccontextmanager
async def others_served(worker: WorkerProcess) -> AsyncIterator[list[int]]:
    """Call another model by the SDK all the time; each call must succeed.  Counts them."""
    calls, stop = [0], asyncio.Event()

    async def call() -> None:
        async with AsyncClient(f"127.0.0.1:{worker.ready['port']}", timeout=60) as client:
            while not stop.is_set():
                np.testing.assert_allclose(await client.predict("light", ROWS), expected(3, ROWS))
                calls[0] += 1
                await asyncio.sleep(0.01)

    callers = [asyncio.create_task(call()) for _ in range(2)]
    try:
        yield calls
    finally:
        stop.set()
        await asyncio.gather(*callers)


async def until_barred(worker: WorkerProcess, model: str, rows: np.ndarray) -> str:
    """Call a model until it is barred, and return the message."""
    async with asyncio.timeout(90):
        while True:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await worker.predict(model, rows, "predict", timeout=60)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            if "barred" in (caught.value.details() or ""):
                return caught.value.details() or ""


@pytest.fixture
async def control() -> AsyncIterator[ScriptedControlPlane]:
    control = ScriptedControlPlane()
    await control.start()
    await deploy(control, "light", regression(3))
    yield control
    await control.stop()


@pytest.mark.long
@pytest.mark.parametrize("processes", [1, 2])
async def test_a_kernel_that_crashes_costs_its_plan_only(
    control: ScriptedControlPlane, tmp_path: Path, crashing: dict[str, str], processes: int
):
    plan = await deploy(control, "killer", Definition({"predict": ops.Elementwise(ops.Input("x", "f64[3]"), "cbrt")}))
    worker = await WorkerProcess.start(
        tmp_path / "cache", control.address, "--workers", str(processes), environment=crashing
    )
    try:
        np.testing.assert_equal((await worker.predict("killer", ROWS, "predict"))["predict"], ROWS)
        async with others_served(worker) as calls:
            message = await until_barred(worker, "killer", FATAL)
        assert f"plan {plan.short}: it crashed several processes of this worker" in message
        assert calls[0] > 0
        assert (await scrape(worker))["pretzel_process_restarts_total",] == 2
    finally:
        await worker.close()


@pytest.mark.long
async def test_a_plan_that_crashes_while_it_is_loaded_costs_itself_only(
    control: ScriptedControlPlane, tmp_path: Path, crashing: dict[str, str]
):
    large = Definition({"predict": ops.Linear(ops.Input("x", "f64[200000]"), Parameter.of(np.ones((200_000, 1))))})
    plan = await deploy(control, "killer", large)
    weights = max(objects_of(large)[1], key=lambda digest: digest.size)  # in a file of its own
    environment = crashing | {"CRASH_AT": weights.hex}
    worker = await WorkerProcess.start(tmp_path / "cache", control.address, environment=environment)
    try:
        async with others_served(worker):
            message = await until_barred(worker, "killer", np.ones((1, 200_000)))
        assert f"plan {plan.short}" in message
    finally:
        await worker.close()
