"""The priority of a request: it orders those of the same model that wait for a thread."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

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


def starts(serving: Inferring, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each later run adds its number when it starts; runs are numbered as they are submitted.

    Answers of different calls may reach a client in another order than they were sent.
    """
    started: list[int] = []
    numbers = itertools.count()
    submit = serving.engine._queue.submit

    def numbered(work: Any, *arguments: Any, **options: Any) -> Any:
        number = next(numbers)

        def run(waited: float) -> Any:
            started.append(number)
            return work(waited)

        return submit(run, *arguments, **options)

    monkeypatch.setattr(serving.engine._queue, "submit", numbered)
    return started


async def test_requests_that_wait_run_by_priority(serving: Inferring, monkeypatch: pytest.MonkeyPatch):
    await serving.oip.ModelInfer(request("m", x=ROWS))
    serving.router.find("m").entry.cost_of(None).rate = 1e-4  # more than the event loop takes, and less than the hold
    release, held = threading.Event(), threading.Event()

    def hold(waited: float) -> None:
        held.set()
        assert release.wait(20)

    holding = serving.engine._queue.submit(hold, 0.01, 0)
    assert await asyncio.to_thread(held.wait, 20)
    order = starts(serving, monkeypatch)

    async def ask(priority: int) -> None:
        message = request("m", x=ROWS)
        if priority >= 0:
            message.parameters["priority"].int64_param = priority
        await serving.oip.ModelInfer(message, timeout=20)

    asked = []
    for i, priority in enumerate((3, -1, 2, 1, 0, 1)):
        asked.append(asyncio.create_task(ask(priority)))
        await until(lambda i=i: serving.engine.queued == i + 1)
    release.set()
    await asyncio.gather(*asked, holding.done)
    assert order == [3, 5, 1, 4, 2, 0]
