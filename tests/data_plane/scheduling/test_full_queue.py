"""Hints of a full queue: the time until a place is free."""

from __future__ import annotations

import asyncio

import pytest

from pretzel.data_plane.scheduling.cost import FIXED
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RETRY_SECONDS, RequestEngine
from pretzel.errors import ExhaustedError
from tests.data_plane.scheduling.test_policy import Scripted, cheap, until


async def test_a_full_queue_suggests_the_time_until_a_place_is_free():
    times = [100.0]
    engine, work, cost = RequestEngine(Limits(0.001, queue=2), 1, lambda: times[-1]), Scripted(), cheap()
    cost.rate = 3.0 / FIXED
    task = asyncio.create_task(engine.run(work, cost, {}, None))
    await until(lambda: work.ran)
    for time, hint in ((100.0, 3.0), (101.0, 2.0), (104.0, RETRY_SECONDS)):
        times.append(time)
        with pytest.raises(ExhaustedError, match="1 requests of this model") as full:
            await engine.run(work, cost, {}, None)
        assert full.value.retry_after == pytest.approx(hint)
    work.release.set()
    await task
    engine.close()
