"""Expensive requests: decoded on the event loop, run on a thread under the policy of the request engine."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest

from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.errors import CancelledError, DeadlineError, ExhaustedError, InputError
from pretzel.kernels.program import Token
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import refusing, regression
from tests.data_plane.transport.served import MODEL, Served

MANY = 20_000
"""Rows of several blocks, and too large for the event loop."""


class Recording:
    """An engine that keeps the jobs it gets, and answers by one of its own."""

    def __init__(self, queue: int = 8) -> None:
        self.jobs: list[Any] = []
        self.real = RequestEngine(Limits(-1.0, queue, 1 << 40), 1)
        self.limits, self.share = self.real.limits, self.real.share
        self.gather_rows = 0

    def refusal(self, *request: Any) -> None:
        """Let every request wait."""

    async def execute(self, job: Any, *, admitted: bool) -> Any:
        self.jobs.append(job)
        return await self.real.execute(job, admitted=admitted)


def message(rows: int = MANY, width: int = 3, value: float = 1.0) -> bytes:
    columns = columns_to_proto({"x": np.full((rows, width), value)})
    return pb.PredictRequest(model=MODEL, columns=columns, outputs=["predict"]).SerializeToString()


@pytest.fixture
def model() -> Served:
    return Served(regression(3))


async def test_an_expensive_request_runs_on_a_thread(model: Served):
    engine = Recording()
    fast = FastPredict(model, engine)
    answers = [fast.answer(message(rows)) for rows in (1, MANY, 2)]
    assert not any(answer is None or isinstance(answer, bytes) for answer in answers)
    found = await asyncio.gather(*answers)  # all were read before the first ran
    assert found == [model.ordinary(message(rows)).SerializeToString() for rows in (1, MANY, 2)]
    assert [(job.rows, job.size) for job in engine.jobs] == [(rows, rows * 24) for rows in (1, MANY, 2)]
    assert (sum(model.route.calls.buckets), model.route.calls.rows) == (3, MANY + 3)
    assert model.route.entry.cost_of(None).runs == 3
    assert model.route.entry.cost_of(None).queued == 0


async def test_admission_by_deadline(model: Served):
    fast = FastPredict(model, Recording())
    with pytest.raises(DeadlineError):
        await fast.answer(message(), time.monotonic() - 1)
    assert sum(model.route.calls.buckets) == 0


async def test_a_run_ends_at_its_deadline(model: Served):
    engine = Recording()
    await FastPredict(model, engine).answer(message(), time.monotonic() + 60)
    late = _job(model, engine, time.monotonic() - 1)
    with pytest.raises(DeadlineError, match="during the run"):
        late.compute(Token(), 0)


async def test_a_run_ends_once_its_token_is_raised(model: Served):
    token = Token()
    token.cancel()
    with pytest.raises(CancelledError):
        _job(model, Recording()).compute(token, 0)


def _job(model: Served, engine: Recording, deadline: float = 0.0) -> Any:
    """Return the job of a request, without a run of it."""
    waiting = FastPredict(model, engine).answer(message(), deadline)
    engine.real = Captured()
    with pytest.raises(StopIteration):
        waiting.send(None)
    return engine.jobs[-1]


class Captured:
    """Runs nothing."""

    def refusal(self, *request: Any) -> None:
        """Let every request wait."""

    async def execute(self, job: Any, *, admitted: bool) -> None:
        return None


async def test_a_full_queue_rejects(model: Served):
    fast = FastPredict(model, Recording(queue=1))
    answers = [asyncio.ensure_future(fast.answer(message())) for _ in range(3)]
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert isinstance(found[0], bytes)
    assert all(isinstance(error, ExhaustedError) and "queued; retry later" in str(error) for error in found[1:])


async def test_a_cancelled_request_leaves_the_queue(model: Served):
    engine = Recording()
    fast = FastPredict(model, engine)
    first, second = (asyncio.ensure_future(fast.answer(message())) for _ in range(2))
    await asyncio.sleep(0)
    second.cancel()
    assert isinstance(await first, bytes)
    with pytest.raises(asyncio.CancelledError):
        await second
    assert engine.real.queued == 0
    assert sum(model.route.calls.buckets) == 1


async def test_a_refused_value_has_the_error_of_the_ordinary_path():
    model = Served(refusing(3))
    bad = message(value=float("nan"))
    with pytest.raises(InputError) as ours:
        await FastPredict(model, Recording()).answer(bad)
    with pytest.raises(InputError) as theirs:
        model.ordinary(bad)
    assert str(ours.value) == str(theirs.value)


async def test_an_invalid_request_reaches_no_thread(model: Served):
    engine = Recording()
    assert FastPredict(model, engine).answer(message()[:-40]) is None
    assert not engine.jobs


async def test_a_response_that_is_too_large(model: Served):
    with pytest.raises(ExhaustedError, match=r"the response takes \d+ bytes, 1000 allowed \(max_message_bytes\)"):
        await FastPredict(model, Recording(), 1000).answer(message())


async def test_memory_is_bounded(model: Served):
    fast = FastPredict(model, RequestEngine(Limits(1.0, 4, 100_000), 1))
    with pytest.raises(ExhaustedError, match="request_memory_bytes"):
        await fast.answer(message())
