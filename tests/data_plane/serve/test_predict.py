"""Predictions over gRPC: answers, and a status and a message for everything that is wrong."""

from __future__ import annotations

import asyncio

import grpc
import numpy as np
import pytest

from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1 import values_pb2
from tests.data_plane.models import classifier, echo, expected, refusing, regression
from tests.data_plane.serve.conftest import Serving

Code = grpc.StatusCode


async def test_an_answer(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": rows}))
    response = await serving.stub.Predict(request)
    assert (response.model, response.version) == ("m", 1)
    assert [column.name for column in response.columns] == ["predict", "transform"]
    np.testing.assert_allclose(columns_from_proto(response.columns)["predict"], expected(3, rows))


async def test_outputs_come_in_the_order_asked(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    assert list(await serving.predict("m", "transform", "predict", x=rows)) == ["transform", "predict"]
    assert list(await serving.predict("m", "predict", x=rows)) == ["predict"]


async def test_no_rows(serving: Serving):
    await serving.deploy("m", regression(3))
    answer = await serving.predict("m", x=np.empty((0, 3)))
    assert answer["predict"].shape == (0,)
    assert answer["transform"].shape == (0, 3)


async def test_texts_pass_as_they_are(serving: Serving):
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


def column(**fields) -> values_pb2.Column:
    good = {"name": "x", "type": "f64[3]", "rows": 1, "data": np.zeros(3).tobytes()}
    return values_pb2.Column(**{**good, **fields})


TEXT = {"name": "text", "type": "str", "rows": 1, "data": b"ab", "lengths": np.array([2], "<u4").tobytes()}
X = values_pb2.Column(name="x", type="f64", rows=1, data=np.zeros(1).tobytes())

ERRORS = [
    ("unknown model", "n", [column()], [], Code.NOT_FOUND, "Request for unknown model: 'n' is not found"),
    ("unknown version", "m@7", [column()], [], Code.NOT_FOUND, "model 'm' has no version '7'; it has 1"),
    ("unknown alias", "m:b", [column()], [], Code.NOT_FOUND, "model 'm' has no alias 'b'; it has stable"),
    ("unknown output", "m", [column()], ["proba"], Code.NOT_FOUND, "output 'proba': this model has predict, transform"),
    ("missing column", "m", [], [], Code.INVALID_ARGUMENT, "column 'x' is missing; the model takes 'x'"),
    (
        "unknown column",
        "m",
        [column(), column(name="y")],
        [],
        Code.INVALID_ARGUMENT,
        "column 'y' is unknown; the model takes 'x'",
    ),
    (
        "wrong type",
        "m",
        [column(type="f32[3]", data=bytes(12))],
        [],
        Code.INVALID_ARGUMENT,
        "column 'x': expected f64[3], got an array of float32, shape (1, 3)",
    ),
    (
        "no such type",
        "m",
        [column(type="f99")],
        [],
        Code.INVALID_ARGUMENT,
        "column 'x': type 'f99'",
    ),
    (
        "wrong width",
        "m",
        [column(type="f64[2]", data=bytes(16))],
        [],
        Code.INVALID_ARGUMENT,
        "column 'x': expected f64[3], got an array of float64, shape (1, 2)",
    ),
    (
        "too few bytes",
        "m",
        [column(rows=2)],
        [],
        Code.INVALID_ARGUMENT,
        "column 'x': 2 rows of f64[3]: expected 6 x 8 = 48 bytes of data, got 24",
    ),
    ("negative rows", "m", [column(rows=-1)], [], Code.INVALID_ARGUMENT, "column 'x': -1 rows"),
    ("column twice", "m", [column(), column()], [], Code.INVALID_ARGUMENT, "column 'x': given twice"),
    (
        "row counts differ",
        "echo",
        [values_pb2.Column(**TEXT), values_pb2.Column(name="x", type="f64", rows=2, data=bytes(16))],
        [],
        Code.INVALID_ARGUMENT,
        "column 'x': 2 rows, but 'text' has 1",
    ),
    (
        "not UTF-8",
        "echo",
        [values_pb2.Column(**{**TEXT, "data": b"a\xff"}), X],
        [],
        Code.INVALID_ARGUMENT,
        "column 'text': row 0: not UTF-8",
    ),
    (
        "text for numbers",
        "m",
        [values_pb2.Column(**{**TEXT, "name": "x"})],
        [],
        Code.INVALID_ARGUMENT,
        "column 'x': expected f64[3], got Texts",
    ),
    (
        "a value the model refuses",
        "nan",
        [column(rows=2, data=np.array([0, 0, 0, 0, np.nan, 0]).tobytes())],
        [],
        Code.INVALID_ARGUMENT,
        "NaN",
    ),
]


@pytest.fixture
async def table(serving: Serving) -> Serving:
    serving.add("echo", echo())
    serving.add("nan", refusing())
    await serving.deploy("m", regression(3))
    return serving


@pytest.mark.parametrize(
    ("model", "columns", "outputs", "code", "message"), [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS]
)
async def test_what_is_wrong_is_told(table: Serving, model, columns, outputs, code, message):
    request = pb.PredictRequest(model=model, columns=columns, outputs=outputs)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await table.stub.Predict(request, timeout=20)
    assert caught.value.code() is code
    assert message in caught.value.details()
    if code is Code.NOT_FOUND and not outputs:
        assert table.looks == 1

    # On a stream the same request fails alone.
    good = pb.PredictRequest(model="m", columns=[column()])
    requests = [pb.PredictStreamRequest(id=i, request=r) for i, r in enumerate([good, request, good])]
    answers = [answer async for answer in table.stub.PredictStream(iter(requests), timeout=20)]
    assert [answer.id for answer in answers] == [0, 1, 2]
    assert [answer.WhichOneof("result") for answer in answers] == ["response", "error", "response"]
    assert answers[1].error.code == code.value[0]
    assert message in answers[1].error.message

    # And of many models the others stand.
    many = pb.PredictManyRequest(models=[model, "m"], columns=columns, outputs=outputs)
    if message.startswith("Request") or "has no" in message:
        results = (await table.stub.PredictMany(many, timeout=20)).results
        assert results[0].error.code == code.value[0]
        assert results[1].HasField("response")


async def test_errors_are_counted_by_code_and_unknown_names_share_a_label(table: Serving):
    for model in ("n1", "n2", "m@9"):
        with pytest.raises(grpc.aio.AioRpcError):
            await table.predict(model)
    assert table.tally.errors == {("Predict", "other", "NOT_FOUND"): 3}


async def test_a_model_that_arrives_while_it_is_looked_for(serving: Serving, rows: np.ndarray):
    serving.add("late", regression(3))
    serving.arriving = serving.catalog()
    np.testing.assert_allclose((await serving.predict("late", "predict", x=rows))["predict"], expected(3, rows))
    assert serving.looks == 1
    await serving.predict("late", x=rows)
    assert serving.looks == 1


async def test_a_fault_of_ours_tells_an_id_and_nothing_else(table: Serving, rows: np.ndarray, monkeypatch):
    def fail(reference: str):
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(table.router, "find", fail)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await table.predict("m", x=rows)
    assert caught.value.code() is Code.INTERNAL
    assert "a fault of the server" in caught.value.details()
    assert "secret" not in caught.value.details()


async def test_an_oversized_message(serving: Serving):
    await serving.deploy("m", regression(3))
    limit = serving.settings.max_message_bytes
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await serving.predict("m", x=np.zeros((limit // 24 + 1, 3)))
    assert caught.value.code() is Code.RESOURCE_EXHAUSTED


async def test_a_deadline_that_passed(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await serving.predict("m", x=rows, timeout=0.000001)
    assert caught.value.code() is Code.DEADLINE_EXCEEDED


async def test_a_damaged_plan_is_unavailable_and_loads_once_mended(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    plan = serving.models["m"].versions[0].plan
    good = bytes(serving.cache.fetch(plan))
    serving.cache.drop([plan])
    serving.objects.refresh()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await serving.predict("m", x=rows)
    assert caught.value.code() is Code.UNAVAILABLE
    serving.cache.add(plan, good)
    await serving.predict("m", x=rows)


async def test_many_models_share_what_they_can(serving: Serving, rows: np.ndarray):
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


async def test_many_models_fail_one_by_one(serving: Serving):
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


async def test_describing(serving: Serving):
    await serving.deploy("m", regression(3))
    told = (await serving.stub.DescribeModel(pb.DescribeModelRequest(model="m:stable"))).description
    assert (told.version.model, told.version.version, dict(told.aliases)) == ("m", 1, {"stable": 1})
    assert [(i.name, i.type) for i in told.inputs] == [("x", "f64[3]")]
    assert [(o.name, o.type) for o in told.outputs] == [("predict", "f64"), ("transform", "f64[3]")]
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
    told = (await serving.stub.DescribeModel(pb.DescribeModelRequest(model="m"))).description
    assert told.outputs[0].labels.data == b"noyes"
