"""Kept answers over both protocols, while models are replaced and files change."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretzel.data_plane.cache import proof
from pretzel.inference import service_pb2 as oip
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.cache.damage import flip
from tests.data_plane.models import regression
from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.messages import request

ROWS = np.arange(6.0).reshape(2, 3)
KEPT, OTHER = "kept", "other"


@pytest.fixture
async def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inferring]:
    monkeypatch.setattr(proof, "SETTLE_SECONDS", 0.0)
    serving = Inferring(tmp_path, queue=1024, result_cache=[KEPT])
    await serving.start("wine")
    for name in (KEPT, OTHER):
        await serving.deploy(name, regression(3))
    yield serving
    await serving.stop()


def asked(model: str = KEPT, rows: np.ndarray = ROWS) -> bytes:
    return pb.PredictRequest(model=model, columns=columns_to_proto({"x": rows})).SerializeToString()


async def settled(serving: Inferring, model: str = KEPT, rate: float = 1e-8) -> None:
    """Load the plan, and let the cost model expect runs that are worth keeping: seconds per byte."""
    for i in range(5):  # different rows: a kept answer runs nothing, and the first runs are measured
        await serving.predict(model, x=np.full((1, 3), float(i)))
    serving.router.find(model).entry.cost_of(None).rate = rate


def look_ups(serving: Inferring) -> list[int]:
    return list(serving.tally.snapshot()["look_ups"].get(KEPT, ()))


def counted(serving: Inferring) -> tuple[int, int]:
    calls = serving.tally.calls("Predict", KEPT)
    return sum(calls.buckets), calls.rows


async def test_a_repeated_request_has_the_same_answer(serving: Inferring):
    await settled(serving)
    fast = serving.service.fast
    (hits, misses), (calls, rows) = look_ups(serving), counted(serving)
    first, second = fast.answer(asked()), fast.answer(asked())
    assert isinstance(first, bytes)
    assert first == second
    assert look_ups(serving) == [hits + 1, misses + 1]
    assert counted(serving) == (calls + 2, rows + 4)
    assert pb.PredictResponse.FromString(second).version == 1
    await serving.predict(KEPT, x=ROWS)
    assert look_ups(serving) == [hits + 2, misses + 1]


async def test_other_rows_and_models_are_apart(serving: Inferring):
    await settled(serving)
    await settled(serving, OTHER)
    fast = serving.service.fast
    assert fast.answer(asked()) != fast.answer(asked(rows=ROWS + 1))
    kept = serving.results.bytes
    assert fast.answer(asked(OTHER)) and fast.answer(asked(OTHER))
    assert serving.results.bytes == kept


async def test_a_new_version_gives_its_own_answer(serving: Inferring):
    await settled(serving)
    old = serving.service.fast.answer(asked())
    await serving.deploy(KEPT, regression(3, bias=2.0))
    await settled(serving)
    new = serving.service.fast.answer(asked())
    assert pb.PredictResponse.FromString(new).version == 2
    assert pb.PredictResponse.FromString(new).columns != pb.PredictResponse.FromString(old).columns


async def test_an_answer_of_a_thread_is_kept(serving: Inferring):
    await settled(serving, rate=1.0)
    answer = serving.service.fast.answer(asked())
    assert not isinstance(answer, bytes)
    assert await answer == serving.service.fast.answer(asked())


async def test_a_late_request_is_not_answered(serving: Inferring):
    await settled(serving)
    assert serving.service.fast.answer(asked())
    assert serving.service.fast.answer(asked(), time.monotonic() - 1) is None


async def test_an_answer_from_a_changed_file_is_not_kept(serving: Inferring):
    await settled(serving)
    kept = serving.results.bytes
    flip(serving.cache, serving.router.find(KEPT).entry.digest, 8)
    assert serving.service.fast.answer(asked()) is None
    assert serving.results.bytes == kept


async def test_hits_are_counted_by_the_other_protocol(serving: Inferring):
    await settled(serving)
    message = request(KEPT, x=ROWS).SerializeToString()
    first, second = serving.inference.fast.answer(message), serving.inference.fast.answer(message)
    assert isinstance(first, bytes)
    assert first == second
    stats: Any = (await serving.oip.ModelStatistics(oip.ModelStatisticsRequest(name=KEPT), timeout=20)).model_stats[0]
    assert (stats.inference_count, stats.execution_count) == (4, 1)
    assert (stats.inference_stats.success.count, stats.inference_stats.cache_hit.count) == (2, 1)
    assert 0 < stats.inference_stats.cache_hit.ns < stats.inference_stats.success.ns
