"""The priority of a request: it orders those of the same model that wait for a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.data_plane.models import regression
from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.messages import request
from tests.data_plane.transport.waits import until

ROWS = np.arange(6.0).reshape(2, 3)


@pytest.fixture
async def serving(tmp_path: Path, front: str) -> AsyncIterator[Inferring]:
    serving = Inferring(tmp_path, queue=1024, front=front)
    await serving.start("wine")
    await serving.deploy("m", regression(3))
    yield serving
    await serving.stop()


async def test_requests_that_wait_run_by_priority(serving: Inferring):
    await serving.oip.ModelInfer(request("m", x=ROWS))
    serving.router.find("m").entry.cost_of(None).rate = 1e-4  # more than the event loop takes, and less than the hold
    release, held = threading.Event(), threading.Event()

    def hold(waited: float) -> None:
        held.set()
        assert release.wait(20)

    holding = serving.engine._queue.submit(hold, 0.01, 0)
    assert await asyncio.to_thread(held.wait, 20)
    order: list[int] = []

    async def ask(i: int, priority: int) -> None:
        message = request("m", x=ROWS)
        if priority >= 0:
            message.parameters["priority"].int64_param = priority
        await serving.oip.ModelInfer(message, timeout=20)
        order.append(i)

    asked = []
    for i, priority in enumerate((3, -1, 2, 1, 0, 1)):
        asked.append(asyncio.create_task(ask(i, priority)))
        await until(lambda i=i: serving.engine.queued == i + 1)
    release.set()
    await asyncio.gather(*asked, holding.done)
    assert order == [3, 5, 1, 4, 2, 0]
