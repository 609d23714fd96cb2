"""Hostile calls: malformed messages, repeated names, overlong names; the next caller is not affected."""

from __future__ import annotations

import grpc
import numpy as np
import pytest

from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import expected, regression
from tests.data_plane.serve.conftest import Serving

Code = grpc.StatusCode
GARBAGE = b"\xff\xff\xff garbage"
SERVICE = "/pretzel.v1.PredictionService/"


@pytest.fixture
async def served(serving: Serving) -> Serving:
    await serving.deploy("m", regression(3))
    return serving


async def test_malformed_messages_are_invalid_arguments(served: Serving):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await served.channel.unary_unary(SERVICE + "Predict")(GARBAGE, timeout=20)
    assert caught.value.code() is Code.INVALID_ARGUMENT

    stream = served.channel.stream_stream(SERVICE + "PredictStream")(iter([GARBAGE]), timeout=20)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stream.read()
    assert caught.value.code() is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("name", ["n" * 1_000_000, "\U0001f968" * 100_000])
async def test_a_status_arrives_for_a_name_of_any_length(served: Serving, rows: np.ndarray, name: str):
    columns = columns_to_proto({"x": rows})
    for request in (
        pb.PredictRequest(model=name, columns=columns),
        pb.PredictRequest(model=f"m@{name}", columns=columns),
        pb.PredictRequest(model="m", columns=columns, outputs=[name]),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stub.Predict(request, timeout=20)
        assert caught.value.code() is Code.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await served.predict("m", x=rows, **{name: rows})
    assert caught.value.code() is Code.INVALID_ARGUMENT


async def test_repeated_models_cannot_inflate_a_response(served: Serving):
    request = pb.PredictManyRequest(models=["m"] * 10_000, columns=columns_to_proto({"x": np.zeros((5000, 3))}))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await served.stub.PredictMany(request, timeout=20)
    assert caught.value.code() is Code.RESOURCE_EXHAUSTED
    assert "request fewer" in caught.value.details()


async def test_callers_cannot_fill_the_memory_with_combinations_of_outputs(served: Serving, rows: np.ndarray):
    for count in range(1, 200):
        answer = await served.predict("m", *["predict"] * count, x=rows)
        np.testing.assert_allclose(answer["predict"], expected(3, rows))
    (entry,) = served.plans.resident.values()
    assert entry.executable is not None
    assert len(entry.executable._schedules) < 100
