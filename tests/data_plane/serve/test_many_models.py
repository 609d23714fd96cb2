"""Many models in one request: shared stages, and separate failures."""

from __future__ import annotations

import grpc
import numpy as np
import pytest

from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import expected, refusing, regression
from tests.data_plane.serve.conftest import Serving

Code = grpc.StatusCode


async def test_many_models_share_stages(serving: Serving, rows: np.ndarray):
    for i in range(30):
        serving.add(f"m{i}", regression(3, own=i))
    await serving.deploy("other", regression(3, shared=50, own=3))
    names = [f"m{i}" for i in range(30)] + ["other", "m0"]
    request = pb.PredictManyRequest(models=names, columns=columns_to_proto({"x": rows}), outputs=["predict"])
    for _ in range(2):
        results = (await serving.stub.PredictMany(request)).results
        assert [result.response.model for result in results] == names
        for i in [*range(30), 31]:
            got = columns_from_proto(results[i].response.columns)["predict"]
            np.testing.assert_allclose(got, expected(3, rows, own=i % 31))
        got = columns_from_proto(results[30].response.columns)["predict"]
        np.testing.assert_allclose(got, expected(3, rows, shared=50, own=3))
    assert len(serving.plans._stages) == 32  # two scalings and thirty heads


async def test_many_models_fail_separately(serving: Serving):
    serving.add("strict", refusing())
    serving.add("wide", regression(4))
    await serving.deploy("m", regression(3))
    columns = columns_to_proto({"x": np.array([[0.0, np.nan, 0.0]])})
    request = pb.PredictManyRequest(models=["strict", "m", "wide", "gone", "m@2"], columns=columns)
    results = (await serving.stub.PredictMany(request)).results
    assert [result.WhichOneof("result") for result in results] == ["error", "response", "error", "error", "error"]
    codes = [result.error.code for result in results]
    assert codes == [3, 0, 3, 5, 5]
    assert "expected f64[4]" in results[2].error.message


async def test_no_models(serving: Serving):
    assert not (await serving.stub.PredictMany(pb.PredictManyRequest())).results


async def test_too_many_models(serving: Serving):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await serving.stub.PredictMany(pb.PredictManyRequest(models=["m"] * 10_001))
    assert caught.value.code() is Code.INVALID_ARGUMENT
