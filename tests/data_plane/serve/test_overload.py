"""A serving process that is overloaded by cheap calls, and the SDK that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

import pretzel
from pretzel import errors
from pretzel.data_plane.transport import delay
from tests.data_plane.models import expected, regression
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
            await client.predict("m", ROWS, timeout=1)
        assert caught.value.retry_after == pytest.approx(0.1)
    assert 1 < impatient.tally.rejected["delay"] <= 5
