"""Clients of gRPC balance by the reports of real workers: one that is busy otherwise gets fewer of their calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import numpy as np
import pytest
import pytest_asyncio

from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, regression
from tests.data_plane.test_worker import scrape
from tests.data_plane.worker import WorkerProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAVY = np.ones((100_000, 3))
BATCH = 300
"""Calls after which it is counted who answered them."""
PATIENCE = 60.0
OOB = {"enableOobLoadReport": True, "oobReportingPeriod": "1s"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[WorkerProcess]]:
    """Three workers; the first has two processes, of which one gets the calls and the other the load."""
    control = ScriptedControlPlane()
    await control.start()
    for model in ("shared", "own"):
        await deploy(control, model, regression(3))
    starts = [
        WorkerProcess.start(tmp_path_factory.mktemp("cache"), control.address, f"--workers={processes}")
        for processes in (2, 1, 1)
    ]
    workers = await asyncio.gather(*starts)
    yield workers
    for worker in workers:
        await worker.close()
    await control.stop()


@asynccontextmanager
async def kept_busy(worker: WorkerProcess) -> AsyncIterator[None]:
    """Let a worker answer large calls of another client, one after another."""

    async def call() -> None:
        while True:
            await worker.predict("own", HEAVY, "predict")

    await worker.predict("own", HEAVY, "predict")
    task = asyncio.create_task(call())
    try:
        yield
    finally:
        task.cancel()
        assert (await asyncio.gather(task, return_exceptions=True))[0].__class__ is asyncio.CancelledError


def client(workers: list[WorkerProcess], **options: object) -> grpc.aio.Channel:
    policy = {"weighted_round_robin": {"blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s", **options}}
    target = "ipv4:" + ",".join(f"127.0.0.1:{worker.ready['port']}" for worker in workers)
    config = json.dumps({"loadBalancingConfig": [policy]})
    return grpc.aio.insecure_channel(
        target, options=[("grpc.service_config", config), ("grpc.use_local_subchannel_pool", 1)]
    )


async def answered(workers: list[WorkerProcess]) -> np.ndarray:
    """Return the calls of the shared model that each worker has answered."""
    pages = await asyncio.gather(*map(scrape, workers))
    return np.array([page.get(("pretzel_request_seconds_count", "Predict", "shared"), 0) for page in pages])


async def shares(stub: PredictionServiceStub, workers: list[WorkerProcess]) -> np.ndarray:
    """Return how many calls of a batch each worker answers."""
    request = pb.PredictRequest(model="shared", columns=columns_to_proto({"x": np.ones((1, 3))}))
    before = await answered(workers)
    for _ in range(BATCH):
        await stub.Predict(request, timeout=30)
    return await answered(workers) - before


@pytest.mark.parametrize("options", [{}, OOB], ids=["per call", "out of band"])
async def test_a_busy_worker_gets_fewer_calls(workers, options):
    async with client(workers, **options) as channel, kept_busy(workers[0]):
        stub = PredictionServiceStub(channel)
        async with asyncio.timeout(PATIENCE):
            while True:
                busy, *others = await shares(stub, workers)
                if busy * 2 < min(others):
                    break
    assert busy + sum(others) == BATCH


async def test_without_a_load_of_their_own_all_get_calls(workers):
    async with client(workers) as channel:
        stub = PredictionServiceStub(channel)
        async with asyncio.timeout(PATIENCE):
            while min(await shares(stub, workers)) < BATCH / 10:
                pass
