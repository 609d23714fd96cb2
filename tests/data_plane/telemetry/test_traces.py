"""Traces, as a real collector receives them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc
import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import pretzel
from pretzel.inference import service_pb2 as oip
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.oip.trained import ROWS, TEXTS, estimators
from tests.data_plane.telemetry.collector import Span
from tests.data_plane.telemetry.conftest import Observed

PREDICTION, INFERENCE = "pretzel.v1.PredictionService", "inference.GRPCInferenceService"
STAGE = "stage "


def ended(name: str, count: int = 1) -> Callable[[Sequence[Span]], bool]:
    """Return whether so many spans of the server with this name have arrived; those inside them come before."""
    return lambda spans: sum(span.name == name and span.service == "pretzel-worker" for span in spans) >= count


@pytest.fixture
def application(observed: Observed, monkeypatch: pytest.MonkeyPatch) -> Iterator[trace.Tracer]:
    """A tracer of the client's application, to the same collector."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(observed.endpoint, insecure=True)))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield provider.get_tracer("shop")
    provider.shutdown()


def check(server: Span) -> None:
    """Check the parts of a server's span: the run follows the queue, and its stages are kernels, one after another."""
    program = server["program"]
    assert [name for name in server.names if name != "load"] == ["queue", "program"]
    assert server["queue"].ended <= program.begun + 1000  # of nanoseconds: times are rounded
    assert program.inside
    for stage in program.inside:
        assert stage.name.startswith(STAGE)
        module, _, kind = stage.attributes["pretzel.kernel"].partition(":")
        assert getattr(importlib.import_module(f"pretzel.kernels.{module}"), kind)
    for outer in server.all():
        edges = [outer.begun, *(edge for span in outer.inside for edge in (span.begun, span.ended)), outer.ended]
        assert all(one <= other + 1000 for one, other in zip(edges, edges[1:], strict=False)), outer.name


def test_one_trace_leads_from_the_client_to_each_stage(observed: Observed, application: trace.Tracer):
    texts = TEXTS[:3]
    with pretzel.Client(observed.worker.grpc, timeout=30, tracing=True) as client:
        with application.start_as_current_span("checkout") as span:
            answer = client.predict_proba("text", texts)
        number = f"{span.get_span_context().trace_id:032x}"
    np.testing.assert_allclose(answer, estimators()["text"].predict_proba(texts), rtol=1e-6)
    method = f"{PREDICTION}/Predict"
    (root,) = observed.collector.tree(number, ended(method))
    assert (root.name, root.service) == ("checkout", "shop")
    client_span = root[method]
    assert client_span.service == "shop"
    server = client_span[method]
    check(server)
    assert server.attributes["pretzel.model"] == "text@1"
    assert server.attributes["rpc.response.status_code"] == "OK"
    assert server.attributes["pretzel.request_id"] == client_span.attributes["pretzel.request_id"]
    assert server["program"].attributes["pretzel.rows"] == len(texts)
    steps = [step for stage in server["program"].inside for step in stage.attributes["pretzel.steps"].values]
    assert list(dict.fromkeys(step.string_value for step in steps)) == ["tfidfvectorizer", "logisticregression"]


async def test_the_asyncio_client_begins_the_same_spans(observed: Observed, application: trace.Tracer):
    with application.start_as_current_span("checkout") as span:
        async with pretzel.AsyncClient(observed.worker.grpc, timeout=30, tracing=True) as client:
            await client.predict("text", TEXTS)
            await client.predict_many(["wine", "wine@1"], ROWS)
            with pytest.raises(pretzel.errors.NotFoundError):
                await client.predict("absent", TEXTS)
        number = f"{span.get_span_context().trace_id:032x}"
    (root,) = observed.collector.tree(
        number, lambda spans: ended(f"{PREDICTION}/PredictMany")(spans) and len(spans) > 8
    )
    assert root[f"{PREDICTION}/Predict"].inside
    assert root[f"{PREDICTION}/PredictMany"].inside
    codes = [span.attributes["rpc.response.status_code"] for span in root.inside]
    assert codes.count("NOT_FOUND") == 1


def test_large_inputs_travel_in_streams_whose_messages_have_spans(observed: Observed, application: trace.Tracer):
    rows = np.tile(ROWS, (12_000, 1))
    with pretzel.Client(observed.worker.grpc, timeout=60, tracing=True) as client:
        with application.start_as_current_span("batch") as span:
            client.predict("wine", rows)
        number = f"{span.get_span_context().trace_id:032x}"
    method = f"{PREDICTION}/PredictStream"
    (root,) = observed.collector.tree(number, ended(method, 2))
    for server in root[method].inside:
        check(server)


Call = Callable[[grpc.Channel, Any], Any]
ENDINGS = ("Predict", "PredictMany", "ModelInfer")


def calls(channel: grpc.Channel, method: str) -> tuple[Any, bytes]:
    """Return a method over bytes, and a message for it."""
    columns = columns_to_proto({"X": ROWS})
    messages = {
        "Predict": pb.PredictRequest(model="wine", columns=columns),
        "PredictMany": pb.PredictManyRequest(models=["wine", "wine@1"], columns=columns),
        "ModelInfer": oip.ModelInferRequest(
            model_name="wine",
            inputs=[oip.ModelInferRequest.InferInputTensor(name="X", datatype="FP64", shape=ROWS.shape)],
            raw_input_contents=[ROWS.tobytes()],
        ),
    }
    service = INFERENCE if method == "ModelInfer" else PREDICTION
    return channel.unary_unary(f"/{service}/{method}"), messages[method].SerializeToString()


@pytest.mark.parametrize("method", ENDINGS)
def test_a_traced_call_has_the_same_answer_to_the_byte(observed: Observed, parent: tuple[str, str], method: str):
    with grpc.insecure_channel(observed.worker.grpc) as channel:
        call, message = calls(channel, method)
        plain = call(message, timeout=30)
        traced, details = call.with_call(
            message, timeout=30, metadata=(("traceparent", parent[1]), ("x-request-id", "r1"))
        )
    assert traced == plain
    assert dict(details.initial_metadata())["x-request-id"] == "r1"
    service = INFERENCE if method == "ModelInfer" else PREDICTION
    (server,) = observed.collector.tree(parent[0], ended(f"{service}/{method}"))
    check(server)
    assert server.message.parent_span_id.hex() == parent[1].split("-")[2]


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/v1/models/wine:predict", {"rows": ROWS[:2].tolist()}, "POST predict"),
        ("/invocations", {"instances": ROWS[:2].tolist()}, "POST invocations"),
        (
            "/v2/models/wine/infer",
            {"inputs": [{"name": "X", "datatype": "FP64", "shape": [2, 13], "data": ROWS[:2].ravel().tolist()}]},
            "POST infer",
        ),
    ],
)
def test_http_has_the_same_spans(observed: Observed, parent: tuple[str, str], path: str, body: Any, name: str):
    fields = {"traceparent": parent[1], "x-request-id": "of-http", "x-pretzel-model": "wine"}
    plain = observed.worker.post(path, body, x_pretzel_model="wine")
    answer = observed.worker.post(path, body, **fields)
    assert (answer.status, answer.body) == (200, plain.body)
    assert answer.headers["x-request-id"] == "of-http"
    (server,) = observed.collector.tree(parent[0], ended(name))
    check(server)
    assert server.attributes["http.response.status_code"] == 200
    assert server.attributes["pretzel.request_id"] == "of-http"


def test_only_sampled_calls_have_spans(observed: Observed, parent: tuple[str, str]):
    unsampled = f"{0xF000:032x}"
    with grpc.insecure_channel(observed.worker.grpc) as channel:
        call, message = calls(channel, "Predict")
        for field in (f"00-{unsampled}-{1:016x}-00", "", "garbage-01", "00-zz-01", f"00-{0:032x}-{1:016x}-01"):
            call(message, timeout=30, metadata=(("traceparent", field),))
        before = observed.collector.traces()
        call(message, timeout=30, metadata=(("traceparent", parent[1]),))
    observed.collector.tree(parent[0], ended(f"{PREDICTION}/Predict"))
    assert unsampled not in observed.collector.traces()
    assert before <= observed.collector.traces()


def test_a_failed_call_says_how_without_its_values(observed: Observed, parent: tuple[str, str]):
    request = pb.PredictRequest(model="wine", columns=columns_to_proto({"secret": np.zeros((1, 13))}))
    with grpc.insecure_channel(observed.worker.grpc) as channel:
        call = channel.unary_unary(f"/{PREDICTION}/Predict")
        with pytest.raises(grpc.RpcError, match="'X' is missing"):
            call(request.SerializeToString(), timeout=30, metadata=(("traceparent", parent[1]),))
    (server,) = observed.collector.tree(parent[0], ended(f"{PREDICTION}/Predict"))
    assert server.attributes["rpc.response.status_code"] == "INVALID_ARGUMENT"
    assert (server.message.status.code, server.message.status.message) == (2, "INVALID_ARGUMENT")
    assert b"secret" not in server.message.SerializeToString()
