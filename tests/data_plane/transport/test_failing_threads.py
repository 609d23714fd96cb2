"""Expensive requests that fail on a thread of the hot path: they end as on the ordinary path."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest

from pretzel.data_plane.transport.many import FastMany
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import refusing, regression
from tests.data_plane.serve.conftest import Serving

GOOD, BAD = np.ones((1, 3)), np.full((1, 3), np.nan)
INVALID = grpc.StatusCode.INVALID_ARGUMENT


def request(model: str, rows: np.ndarray) -> pb.PredictRequest:
    return pb.PredictRequest(model=model, columns=columns_to_proto({"x": rows}))


@pytest.fixture
async def expensive(serving: Serving) -> Serving:
    """A strict model whose requests are expected to take long."""
    await serving.deploy("strict", refusing())
    await serving.stub.Predict(request("strict", GOOD))
    serving.router.find("strict").entry.cost_of(None).rate = 1.0
    return serving


async def test_a_stream_continues_after_a_request_that_fails(expensive: Serving):
    messages = [pb.PredictStreamRequest(id=i, request=request("strict", rows)) for i, rows in enumerate([BAD, GOOD])]
    waiting: Any = expensive.service.fast.answer_streamed(messages[0].SerializeToString())
    assert await waiting is None
    answers = [answer async for answer in expensive.stub.PredictStream(iter(messages))]
    assert [answer.id for answer in answers] == [0, 1]
    assert answers[0].error.code == INVALID.value[0]
    assert answers[1].response.version == 1
    assert expensive.tally.errors["PredictStream", "strict", INVALID.name] == 1


async def test_a_call_that_fails_is_counted(expensive: Serving):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await expensive.stub.Predict(request("strict", BAD))
    assert caught.value.code() is INVALID
    assert expensive.tally.errors["Predict", "strict", INVALID.name] == 1


async def test_models_of_one_call_fail_separately(expensive: Serving):
    await expensive.deploy("lenient", regression(3))
    fast = FastMany(expensive.router, expensive.plans, expensive.service.joint, expensive.engine, expensive.tally)
    models = ["strict", "lenient"]
    good = pb.PredictManyRequest(models=models, columns=columns_to_proto({"x": GOOD}), outputs=["predict"])
    await expensive.stub.PredictMany(good)
    entries = [expensive.router.find(model).entry for model in models]
    _, cost = await expensive.service.joint.get(entries, ("predict",))
    cost.rate = 1.0
    bad = pb.PredictManyRequest(models=models, columns=columns_to_proto({"x": BAD}), outputs=["predict"])
    waiting: Any = fast.answer(bad.SerializeToString())
    assert await waiting is None
    results = (await expensive.stub.PredictMany(bad)).results
    assert [result.WhichOneof("result") for result in results] == ["error", "response"]
