"""A serving process that is overloaded, by cheap calls or by expensive ones, and its clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import numpy as np
import pytest

import pretzel
from pretzel import errors
from pretzel.client.hints import retry_after
from pretzel.data_plane.scheduling import overload as executors
from pretzel.data_plane.scheduling.cost import FIXED
from pretzel.data_plane.transport import delay
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import expected, regression
from tests.data_plane.scheduling.test_gathering import Held
from tests.data_plane.serve.conftest import Serving
from tests.data_plane.transport.waits import until

ROWS = np.arange(6.0).reshape(2, 3)
REFUSED = "Predict", "other", "RESOURCE_EXHAUSTED"


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[Serving]:
    """One that refuses every call of an overload."""
    serving = Serving(tmp_path, front="native", shed_after_seconds=1e-9)
    await serving.start()
    await serving.deploy("m", regression(3))
    await serving.predict("m", x=ROWS)
    yield serving
    await serving.stop()


@pytest.fixture
def overload(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let every round of the event loop count as long, until this is undone."""
    monkeypatch.setattr(delay, "BRIEF", -1.0)
    monkeypatch.setattr(delay, "INTERVAL", -1.0)
    return monkeypatch


async def test_the_sdk_repeats_a_refused_call(impatient: Serving, overload: pytest.MonkeyPatch):
    async with pretzel.AsyncClient(f"127.0.0.1:{impatient.port}") as client:
        asked = asyncio.create_task(client.predict("m", ROWS, timeout=30))
        await until(lambda: impatient.tally.rejected["delay"] >= 1)
        overload.undo()
        np.testing.assert_allclose(await asked, expected(3, ROWS))
    assert impatient.tally.errors[REFUSED] == impatient.tally.rejected["delay"]


async def test_the_sdk_gives_up_within_its_budget(impatient: Serving, overload: pytest.MonkeyPatch):
    async with pretzel.AsyncClient(f"127.0.0.1:{impatient.port}") as client:
        with pytest.raises(errors.ExhaustedError, match="overloaded; retry later") as caught:
            await client.predict("m", ROWS, timeout=30)
        assert caught.value.retry_after == pytest.approx(0.1)
    assert 1 < impatient.tally.rejected["delay"] <= 5


SECONDS, WAITING = 1.0, 3
"""Expected seconds of a call, and calls that may wait: their patience is four times what they take."""


@pytest.fixture
async def crowded(tmp_path: Path, front: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serving]:
    """One whose only thread is held, and which counts whatever waits as an overload."""
    monkeypatch.setattr(executors, "INTERVAL", -1.0)
    monkeypatch.setattr(executors, "LOOK", 0.0)
    serving = Serving(tmp_path, queue=64, front=front, delay=1e-9)
    await serving.start()
    await serving.deploy("m", regression(3))
    await serving.predict("m", x=ROWS)
    serving.router.find("m").entry.cost_of(None).rate = SECONDS / (ROWS.nbytes + FIXED)
    held = Held()
    held.cost.rate = 0.01 / (held.size + FIXED)  # not small, and no reason for the reserved thread
    running = asyncio.create_task(serving.engine.execute(held))
    await until(lambda: serving.engine.queued == 1)
    serving.release = held.release
    yield serving
    held.release.set()
    await running
    await serving.stop()


async def test_expensive_calls_that_would_wait_too_long_are_refused(crowded: Serving):
    """Messages of streams wait."""
    calls = [asyncio.create_task(crowded.predict("m", x=ROWS)) for _ in range(WAITING)]
    await until(lambda: crowded.engine.queued == 1 + WAITING)
    streams = [crowded.stub.PredictStream(timeout=20) for _ in range(2)]
    for i, stream in enumerate(streams):
        asked = pb.PredictRequest(model="m", columns=columns_to_proto({"x": ROWS}))
        await stream.write(pb.PredictStreamRequest(id=i, request=asked))
        await until(lambda expected=2 + WAITING + i: crowded.engine.queued == expected)
    with pytest.raises(grpc.aio.AioRpcError, match="waits 50.. ms for a thread, where") as caught:
        await crowded.predict("m", x=ROWS)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_after(caught.value) == pytest.approx(5.0, abs=0.1)
    assert crowded.tally.rejected["wait"] == crowded.tally.errors["Predict", "m", "RESOURCE_EXHAUSTED"] == 1
    crowded.release.set()
    for answer in await asyncio.gather(*calls):
        np.testing.assert_allclose(answer["predict"], expected(3, ROWS))
    for stream in streams:
        response = (await stream.read()).response
        np.testing.assert_allclose(columns_from_proto(response.columns)["predict"], expected(3, ROWS))
        stream.cancel()


async def test_an_expensive_call_takes_the_place_of_the_oldest(crowded: Serving, monkeypatch: pytest.MonkeyPatch):
    old = [asyncio.create_task(crowded.predict("m", x=ROWS)) for _ in range(2)]
    await until(lambda: crowded.engine.queued == 3)
    monkeypatch.setattr(executors, "patience", lambda seconds, bound: 0.0)
    new = [asyncio.create_task(crowded.predict("m", x=ROWS))]
    await until(lambda: crowded.engine.queued == 4)
    new.append(asyncio.create_task(crowded.predict("m", x=ROWS)))
    for call in old:
        with pytest.raises(grpc.aio.AioRpcError, match="overloaded") as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    crowded.release.set()
    for answer in await asyncio.gather(*new):
        np.testing.assert_allclose(answer["predict"], expected(3, ROWS))
    assert crowded.tally.rejected["wait"] == 2
