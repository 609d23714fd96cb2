"""Statuses and messages for every invalid request and every fault of the server."""

from __future__ import annotations

import errno

import grpc
import numpy as np
import pytest

from pretzel.data_plane.scheduling.request import RETRY_SECONDS
from pretzel.plan.wire import columns_to_proto
from pretzel.serving.errors import NO_RESOURCES, status_of
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1 import values_pb2
from tests.data_plane.models import echo, refusing, regression
from tests.data_plane.serve.conftest import Serving

Code = grpc.StatusCode


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
        "unknown type",
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
async def test_the_message_names_the_problem(table: Serving, model, columns, outputs, code, message):
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

    # With many models, the others succeed.
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


async def test_a_fault_of_the_server_returns_only_an_id(table: Serving, rows: np.ndarray, monkeypatch):
    def fail(reference: str):
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(table.router, "find", fail)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await table.predict("m", x=rows)
    assert caught.value.code() is Code.INTERNAL
    assert "internal error " in caught.value.details()
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


async def describe(serving: Serving) -> pb.DescribeModelResponse:
    return await serving.stub.DescribeModel(pb.DescribeModelRequest(model="m"))


async def test_a_damaged_plan_is_unavailable_and_loads_once_repaired(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    plan = serving.models["m"].versions[0].plan
    good = bytes(serving.cache.fetch(plan))
    serving.cache.drop([plan])
    serving.objects.refresh()
    for call in (lambda: serving.predict("m", x=rows), lambda: describe(serving)):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call()
        assert caught.value.code() is Code.UNAVAILABLE  # another worker has another copy
        assert "it is being fetched again, retry" in caught.value.details()
    serving.cache.add(plan, good)
    await serving.predict("m", x=rows)
    assert (await describe(serving)).description.version.model == "m"


@pytest.mark.parametrize("method", ["Predict", "PredictMany", "DescribeModel", "PredictStream"])
async def test_a_worker_without_a_catalog_denies_no_model(serving: Serving, method: str):
    request = {
        "Predict": pb.PredictRequest(model="m"),
        "PredictMany": pb.PredictManyRequest(models=["m"]),
        "DescribeModel": pb.DescribeModelRequest(model="m"),
        "PredictStream": pb.PredictStreamRequest(id=1, request=pb.PredictRequest(model="m")),
    }[method]
    message = "this worker has no catalog yet; try another"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        if method == "PredictStream":
            await serving.stub.PredictStream(iter([request])).read()
        else:
            await getattr(serving.stub, method)(request)
    assert (caught.value.code(), caught.value.details()) == (Code.UNAVAILABLE, message)
    assert dict(caught.value.trailing_metadata())["pretzel-error"] == "NoCatalogError"
    assert serving.looks == 1  # at the control plane, which may know


@pytest.mark.parametrize("method", ["Predict", "DescribeModel"])
async def test_a_worker_that_cannot_ask_does_not_deny_a_model(table: Serving, method: str):
    """It may have been deployed meanwhile, and another worker may know it."""
    table.newest = False
    request = {"Predict": pb.PredictRequest(model="n"), "DescribeModel": pb.DescribeModelRequest(model="n")}[method]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(table.stub, method)(request)
    assert caught.value.code() is Code.UNAVAILABLE
    assert "unknown model: 'n' is not found, and the control plane cannot be reached" in caught.value.details()
    assert dict(caught.value.trailing_metadata())["pretzel-error"] == "StaleCatalogError"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.EMFILE, "Too many open files"),
        RuntimeError("can't start new thread"),
        ImportError("columns.so: failed to map segment from shared object"),
    ],
    ids=repr,
)
def test_a_lack_of_resources_sends_the_caller_to_another_worker(error: Exception) -> None:
    assert status_of(error)[:2] == (Code.UNAVAILABLE, NO_RESOURCES)


@pytest.mark.parametrize(
    "error",
    [OSError(errno.EIO, "I/O error"), RuntimeError("something else"), ModuleNotFoundError("No module named 'x'")],
    ids=repr,
)
def test_other_faults_are_the_servers_own(error: Exception) -> None:
    code, message, *_ = status_of(error)
    assert code is Code.INTERNAL and message.startswith("internal error ")


async def test_parts_of_responses_carry_the_delay_before_a_retry(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": rows}))
    await serving.stub.Predict(request)
    serving.router.find("m").entry.cost_of(None).rate = 1.0  # too expensive for the event loop
    serving.engine.queued = 1000
    (streamed,) = [part async for part in serving.stub.PredictStream(iter([pb.PredictStreamRequest(request=request)]))]
    many = await serving.stub.PredictMany(pb.PredictManyRequest(models=["nope"], columns=request.columns))
    assert streamed.error.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert streamed.error.retry_delay.ToTimedelta().total_seconds() == pytest.approx(RETRY_SECONDS)
    assert not many.results[0].error.HasField("retry_delay")
