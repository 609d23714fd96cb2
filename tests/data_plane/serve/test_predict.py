"""Predictions over gRPC: outputs, versions, descriptions and counters."""

from __future__ import annotations

import asyncio

import grpc
import numpy as np
import pytest

from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import classifier, echo, expected, regression
from tests.data_plane.serve.conftest import Serving

Code = grpc.StatusCode


async def test_an_answer(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": rows}))
    response = await serving.stub.Predict(request)
    assert (response.model, response.version) == ("m", 1)
    assert [column.name for column in response.columns] == ["predict", "transform"]
    np.testing.assert_allclose(columns_from_proto(response.columns)["predict"], expected(3, rows))


async def test_outputs_come_in_the_requested_order(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    assert list(await serving.predict("m", "transform", "predict", x=rows)) == ["transform", "predict"]
    assert list(await serving.predict("m", "predict", x=rows)) == ["predict"]


async def test_no_rows(serving: Serving):
    await serving.deploy("m", regression(3))
    answer = await serving.predict("m", x=np.empty((0, 3)))
    assert answer["predict"].shape == (0,)
    assert answer["transform"].shape == (0, 3)


async def test_texts_pass_unchanged(serving: Serving):
    await serving.deploy("m", echo())
    texts = ["", "grüße", "\U0001f968", "a\0b", None, float("nan")]
    answer = await serving.predict("m", x=np.arange(6.0), text=Texts.of(texts))
    assert answer["text"].tolist()[:5] == texts[:5]
    assert np.isnan(answer["text"].tolist()[5])


async def test_versions_and_aliases(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3, bias=0.0))
    await serving.deploy("m", regression(3, bias=1.0))
    one, two = expected(3, rows), expected(3, rows, 1.0)
    for model, want in {"m": two, "m@1": one, "m@2": two, "m:stable": two}.items():
        np.testing.assert_allclose((await serving.predict(model, "predict", x=rows))["predict"], want)


async def test_a_model_that_arrives_during_the_look_up(serving: Serving, rows: np.ndarray):
    serving.add("late", regression(3))
    serving.arriving = serving.catalog()
    np.testing.assert_allclose((await serving.predict("late", "predict", x=rows))["predict"], expected(3, rows))
    assert serving.looks == 1
    await serving.predict("late", x=rows)
    assert serving.looks == 1


async def test_describing(serving: Serving):
    await serving.deploy("m", regression(3))
    description = (await serving.stub.DescribeModel(pb.DescribeModelRequest(model="m:stable"))).description
    assert (description.version.model, description.version.version, dict(description.aliases)) == (
        "m",
        1,
        {"stable": 1},
    )
    assert [(i.name, i.type) for i in description.inputs] == [("x", "f64[3]")]
    assert [(o.name, o.type) for o in description.outputs] == [("predict", "f64"), ("transform", "f64[3]")]
    assert not serving.plans.resident  # describing loads no parameters
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await serving.stub.DescribeModel(pb.DescribeModelRequest(model="n"))
    assert caught.value.code() is Code.NOT_FOUND


async def test_durations_and_rows_are_counted(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    for _ in range(3):
        await serving.predict("m", x=rows)
    calls = serving.tally.calls("Predict", "m")
    assert (sum(calls.buckets), calls.rows) == (3, 6)
    assert 0 < calls.seconds < 10
    assert sum(serving.tally.loads.buckets) == 1


async def test_a_stream_under_load_keeps_its_order(roomy: Serving):
    await roomy.deploy("m", regression(3))

    async def stream(seed: int) -> None:
        rows = [np.full((1, 3), float(i + seed)) for i in range(200)]
        requests = (
            pb.PredictStreamRequest(
                id=i, request=pb.PredictRequest(model="m", columns=columns_to_proto({"x": r}), outputs=["predict"])
            )
            for i, r in enumerate(rows)
        )
        answers = [answer async for answer in roomy.stub.PredictStream(requests)]
        assert [answer.id for answer in answers] == list(range(200))
        assert not [answer.error for answer in answers if answer.HasField("error")]
        got = np.concatenate([columns_from_proto(a.response.columns)["predict"] for a in answers])
        np.testing.assert_allclose(got, expected(3, np.concatenate(rows)))

    await asyncio.gather(*map(stream, range(5)))


async def test_labels_travel_with_every_answer(serving: Serving):
    await serving.deploy("m", classifier())
    for x, want in ((-1.0, ["no"]), (1.0, ["yes"])):
        answer = (await serving.predict("m", "predict", x=np.array([x])))["predict"]
        assert [answer.labels[code] for code in answer.codes] == want
    many = pb.PredictManyRequest(models=["m"], columns=columns_to_proto({"x": np.array([1.0])}))
    (result,) = (await serving.stub.PredictMany(many)).results
    assert columns_from_proto(result.response.columns)["predict"].labels == ["no", "yes"]
    description = (await serving.stub.DescribeModel(pb.DescribeModelRequest(model="m"))).description
    assert description.outputs[0].labels.data == b"noyes"
