"""The hot path of inference while models are deployed, replaced, evicted and counted."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from pretzel.data_plane.cache import proof
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.oip.fast import FastInfer
from pretzel.data_plane.oip.statistics import MOST_SIZES
from pretzel.errors import DeadlineError, InputError
from pretzel.inference import service_pb2 as pb
from tests.data_plane.cache.damage import flip
from tests.data_plane.models import forget, refusing, regression
from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.messages import request
from tests.data_plane.transport.served import MODEL

ROWS = np.arange(6.0).reshape(2, 3)
MANY = np.ones((20_000, 3))
PARTS = ("queue", "compute_input", "compute_infer", "compute_output")


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files count as settled at once: the hot path waits for that, and tests write them just before."""
    monkeypatch.setattr(proof, "SETTLE_SECONDS", 0.0)


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncIterator[Inferring]:
    serving = Inferring(tmp_path, queue=1024)
    await serving.start("wine")
    await serving.deploy(MODEL, regression(3))
    yield serving
    await serving.stop()


@pytest.fixture
def fast(serving: Inferring) -> FastInfer:
    return serving.inference.fast


def message(rows: np.ndarray = ROWS, *outputs: str, model: str = MODEL, version: str = "") -> bytes:
    sent = request(model, *outputs, x=rows)
    sent.model_version = version
    return sent.SerializeToString()


async def ordinary(serving: Inferring, data: bytes, timeout: float | None = None) -> bytes:
    """Answer by the servicer."""

    class Context:
        def time_remaining(self) -> float | None:
            return timeout

    asked = pb.ModelInferRequest.FromString(data)
    return await serving.inference.ModelInfer(asked, Context())  # type: ignore[arg-type]


async def warm(serving: Inferring, model: str = MODEL) -> bytes:
    """Load the plan, and let the cost model measure it; return the response."""
    for _ in range(5):
        answer = await ordinary(serving, message(model=model))
    serving.router.find(model).entry.cost_of(None).rate = 1e-9
    return answer


async def numbers(serving: Inferring, model: str = MODEL) -> Any:
    """Return the statistics of a version, and its calls and their rows in the metrics."""
    asked = pb.ModelStatisticsRequest(name=model, version="1")
    (found,) = (await serving.oip.ModelStatistics(asked)).model_stats
    calls = serving.tally.calls("ModelInfer", model)
    return found, sum(calls.buckets), calls.rows


async def test_a_plan_that_is_not_resident_is_left_to_the_ordinary_path(serving: Inferring, fast: FastInfer):
    assert fast.answer(message()) is None
    want = await warm(serving)
    assert fast.answer(message()) == want


async def test_calls_of_a_client_take_the_hot_path(serving: Inferring, monkeypatch: pytest.MonkeyPatch):
    want = await warm(serving)

    def unused(*arguments: Any) -> None:
        raise AssertionError("the ordinary path was taken")

    monkeypatch.setattr(serving.inference._inference, "infer", unused)
    found = await serving.oip.ModelInfer(pb.ModelInferRequest.FromString(message()))
    assert found.SerializeToString() == want


async def test_versions_and_aliases(serving: Inferring, fast: FastInfer):
    await serving.deploy(MODEL, regression(3, bias=1.0))
    await warm(serving)
    await warm(serving, f"{MODEL}@1")
    for model, version in [(MODEL, ""), (MODEL, "1"), (MODEL, "02"), (f"{MODEL}:stable", ""), (f"{MODEL}@1", "")]:
        asked = message(model=model, version=version)
        assert fast.answer(asked) == await ordinary(serving, asked)
    assert fast.answer(message(version="3")) is None


async def test_a_new_version_answers_at_once(serving: Inferring, fast: FastInfer):
    old = await warm(serving)
    assert fast.answer(message()) == old
    await serving.deploy(MODEL, regression(3, bias=1.0))
    serving.router.find(MODEL).entry.cost_of(None).rate = 1e-9
    new = fast.answer(message())
    assert new == await ordinary(serving, message())
    assert pb.ModelInferResponse.FromString(new).model_version == "2"


async def test_a_deleted_model_is_not_answered(serving: Inferring, fast: FastInfer):
    await warm(serving)
    assert fast.answer(message())
    await serving.router.apply(Catalog("e", 2, {}))
    assert fast.answer(message()) is None


async def test_an_evicted_plan_is_released(serving: Inferring, fast: FastInfer):
    want = await warm(serving)
    entry = serving.router.find(MODEL).entry
    assert fast.answer(message()) and fast.answer(message(ROWS, "predict"))
    executable, program = weakref.ref(entry.executable), weakref.ref(next(iter(entry.prepared.values())).executable)
    serving.plans.let_go([entry.digest])
    assert fast.answer(message()) is None
    await asyncio.sleep(0)  # the callback of the load, which still runs, holds its result
    forget()
    gc.collect()
    assert executable() is None and program() is None
    assert await ordinary(serving, message()) == want
    assert fast.answer(message()) == want


async def test_an_answer_from_a_changed_file_is_left_to_the_ordinary_path(serving: Inferring, fast: FastInfer):
    want = await warm(serving)
    assert fast.answer(message()) == want
    before = await numbers(serving)
    for _ in range(2):  # the bytes are the old ones again, but another program wrote them
        flip(serving.cache, serving.router.find(MODEL).entry.digest, 8)
    assert fast.answer(message()) is None
    assert await numbers(serving) == before
    assert await ordinary(serving, message()) == want  # it hashes the plan's objects
    assert fast.answer(message()) == want


async def test_both_protocols_keep_what_they_prepare(serving: Inferring, fast: FastInfer):
    want = await warm(serving)
    predicted = await serving.predict(MODEL, x=ROWS)
    for _ in range(3):
        assert fast.answer(message()) == want
        again = await serving.predict(MODEL, x=ROWS)
        assert {name: value.tolist() for name, value in again.items()} == {
            name: value.tolist() for name, value in predicted.items()
        }


async def test_choices_of_outputs_are_bounded(serving: Inferring, fast: FastInfer):
    await warm(serving)
    entry = serving.router.find(MODEL).entry
    for i in range(100):
        sent = pb.ModelInferRequest.FromString(message())
        sent.outputs.add(name="predict").parameters["classification"].int64_param = i
        assert fast.answer(sent.SerializeToString()) is None
    assert len(entry.prepared) <= 64
    assert fast.answer(message(ROWS, "predict", *["x" * 100] * 50)) is None  # too long for a key


async def test_what_was_answered_is_counted(serving: Inferring, fast: FastInfer):
    await warm(serving)
    (before, calls, rows), start = await numbers(serving), time.perf_counter_ns()
    clock = time.time_ns() // 1_000_000
    for asked in (message(), message(ROWS[:1]), message()):
        assert fast.answer(asked)
    elapsed = time.perf_counter_ns() - start
    after, *counted = await numbers(serving)
    assert counted == [calls + 3, rows + 5]
    assert after.inference_count - before.inference_count == 5
    assert after.execution_count - before.execution_count == 3
    assert clock <= after.last_inference <= time.time_ns() // 1_000_000
    was, stats = before.inference_stats, after.inference_stats
    for part in (*PARTS, "success"):
        assert getattr(stats, part).count - getattr(was, part).count == 3
    grown = {part: getattr(stats, part).ns - getattr(was, part).ns for part in (*PARTS, "success")}
    assert all(grown[part] > 0 for part in PARTS)
    assert sum(grown[part] for part in PARTS) <= grown["success"] <= elapsed
    assert {batch.batch_size: batch.compute_infer.count for batch in after.batch_stats} == {1: 1, 2: 7}
    assert stats.fail.count == 0


async def test_requests_on_threads_are_counted(serving: Inferring, fast: FastInfer):
    await warm(serving)
    serving.router.find(MODEL).entry.cost_of(None).rate = 1.0
    before, calls, rows = await numbers(serving)
    want = await ordinary(serving, message(MANY))
    serving.router.find(MODEL).entry.cost_of(None).rate = 1.0
    answer = fast.answer(message(MANY))
    assert not isinstance(answer, bytes) and answer is not None
    assert await answer == want
    after, *counted = await numbers(serving)
    assert counted == [calls + 2, rows + 2 * len(MANY)]
    assert after.inference_stats.success.count - before.inference_stats.success.count == 2
    assert {batch.batch_size: batch.compute_infer.count for batch in after.batch_stats}[len(MANY)] == 2


async def test_batch_sizes_are_bounded(serving: Inferring, fast: FastInfer):
    await warm(serving)
    for rows in range(1, MOST_SIZES + 20):
        assert fast.answer(message(MANY[:rows]))
    found, *_ = await numbers(serving)
    assert len(found.batch_stats) == MOST_SIZES
    assert found.inference_stats.success.count == MOST_SIZES + 24


async def test_errors_of_a_thread_are_those_of_the_ordinary_path(serving: Inferring, fast: FastInfer):
    await serving.deploy("strict", refusing(3))
    await warm(serving, "strict")
    bad = message(np.full((2, 3), np.nan), model="strict")
    assert fast.answer(bad) is None
    errors = []
    for answer in (fast.answer, lambda data: ordinary(serving, data)):
        serving.router.find("strict").entry.cost_of(None).rate = 1.0  # too expensive for the event loop
        with pytest.raises(InputError) as caught:
            await answer(bad)
        errors.append((str(caught.value), caught.value.field))
    assert errors[0] == errors[1]
    found, calls, _ = await numbers(serving, "strict")
    assert (found.inference_stats.fail.count, found.inference_stats.success.count, calls) == (2, 5, 5)
    assert serving.tally.errors["ModelInfer", "strict", "INVALID_ARGUMENT"] == 1  # the interceptor counts the other


async def test_a_cancelled_request_has_failed(serving: Inferring, fast: FastInfer):
    await warm(serving)
    serving.router.find(MODEL).entry.cost_of(None).rate = 1.0
    task = asyncio.ensure_future(fast.answer(message(MANY)))
    await asyncio.sleep(0)  # the task starts
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    found, calls, _ = await numbers(serving)
    assert (found.inference_stats.fail.count, found.inference_stats.success.count, calls) == (1, 5, 5)
    assert not serving.tally.errors


async def test_deadlines(serving: Inferring, fast: FastInfer):
    await warm(serving)
    assert fast.answer(message(), time.monotonic() - 1) is None
    assert fast.answer(message(), time.monotonic() + 60)
    serving.router.find(MODEL).entry.cost_of(None).rate = 1.0
    with pytest.raises(DeadlineError, match="Request timeout expired: "):
        await fast.answer(message(), time.monotonic() - 1)
    found, *_ = await numbers(serving)
    assert found.inference_stats.fail.count == 1


async def test_a_refused_request_has_the_status_of_the_ordinary_path(serving: Inferring):
    await serving.deploy("strict", refusing(3))
    await warm(serving, "strict")
    for rate in (1e-9, 1.0):
        serving.router.find("strict").entry.cost_of(None).rate = rate
        asked = pb.ModelInferRequest.FromString(message(np.full((2, 3), np.nan), model="strict"))
        details = await serving.refused(asked, grpc.StatusCode.INVALID_ARGUMENT)
        assert details.startswith("model 'strict': ")
    assert serving.tally.errors["ModelInfer", "strict", "INVALID_ARGUMENT"] == 2
