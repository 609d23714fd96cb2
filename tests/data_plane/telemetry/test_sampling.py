"""Which calls are sampled, on the other front and by other samplers; and records in memory."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pretzel.data_plane.measure.aggregate import merge
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.telemetry.telemetry import Telemetry
from pretzel.data_plane.telemetry.tracing import Tracing
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import regression
from tests.data_plane.serve.conftest import Serving

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE}-b7ad6b7169203331-01"


class Kept:
    """Traces that are kept in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = Tracing("here", self.exporter)
        self.telemetry = Telemetry(self.tracing, None)

    def spans(self) -> list[Any]:
        self.tracing.flush()
        return list(self.exporter.get_finished_spans())


@pytest.fixture(params=["native", "grpcio"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Kept, Serving]]:
    kept = Kept()
    serving = Serving(tmp_path, front=request.param, telemetry=kept.telemetry)
    await serving.start()
    await serving.deploy("m", regression())
    yield kept, serving
    await serving.stop()
    kept.telemetry.close()


async def test_both_fronts_record_unary_calls_and_streams(kept: tuple[Kept, Serving]):
    traces, serving = kept
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": np.ones((2, 3))}))
    await serving.stub.Predict(request, timeout=20)
    assert not traces.spans()
    await serving.stub.Predict(request, timeout=20, metadata=(("traceparent", SAMPLED),))
    names = [span.name for span in traces.spans()]
    assert {"queue", "program", "pretzel.v1.PredictionService/Predict"} <= {*names}
    assert any(name.startswith("stage ") for name in names)

    bad = pb.PredictRequest(model="absent")
    stream = [pb.PredictStreamRequest(id=i, request=one) for i, one in enumerate((request, bad, request))]
    call = serving.stub.PredictStream(iter(stream), timeout=20, metadata=(("traceparent", SAMPLED),))
    assert [answer.WhichOneof("result") async for answer in call] == ["response", "error", "response"]
    await call.code()
    spans = [span for span in traces.spans() if span.name.endswith("PredictStream")]
    codes = [span.attributes["rpc.response.status_code"] for span in spans]
    # The native front has a span for each message, grpcio's one for the stream.
    assert codes in (["OK", "NOT_FOUND", "OK"], ["NOT_FOUND"]), codes
    assert {f"{span.context.trace_id:032x}" for span in traces.spans()} == {TRACE}


@settings(max_examples=40, deadline=None)
@given(
    st.text(max_size=60) | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True),
    st.text(),
)
def test_any_fields_begin_a_record_or_none(parent: str, state: str):
    fields = [("traceparent", parent), (b"tracestate", state.encode(errors="replace"))]
    active = TRACES.telemetry.begin("m", fields, {})
    if active is not None:
        assert active.recording.traced
        assert active.recording.trace_id == f"{active.span.get_span_context().trace_id:032x}"
        TRACES.telemetry.end(active, "OK", {})


TRACES = Kept()


@pytest.mark.parametrize(("sampler", "roots"), [("always_on", 1), ("always_off", 0), ("parentbased_always_on", 1)])
def test_the_variable_of_the_sampler_is_respected(monkeypatch: pytest.MonkeyPatch, sampler: str, roots: int):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "scores")
    kept = Kept()
    active = kept.telemetry.begin("m", (), {})
    assert (active is not None) == bool(roots)
    if active is not None:
        kept.telemetry.end(active, "OK", {})
    spans = kept.spans()
    assert len(spans) == roots
    assert all(span.resource.attributes["service.name"] == "scores" for span in spans)
    kept.telemetry.close()


def test_the_newest_exemplar_of_all_processes_is_kept():
    tallies = [Tally(), Tally()]
    for i, trace in enumerate(("old", "new")):
        calls = tallies[i].calls("Predict", "m")
        calls.observe(0.003)
        calls.exemplify(0.003, trace)
    parts = [tally.snapshot() for tally in tallies]
    parts[0]["exemplars"][0][-1] = parts[1]["exemplars"][0][-1] - 1
    for order in (parts, parts[::-1]):
        ((method, model, bucket, trace, seconds, _),) = merge(order)["exemplars"]
        assert (method, model, trace, seconds) == ("Predict", "m", "new", 0.003)
        assert tallies[0].calls("Predict", "m").buckets[bucket] == 1


class Stuck(InMemorySpanExporter):
    """An exporter whose collector does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may = threading.Event(), threading.Event()

    def export(self, spans: Any) -> Any:
        self.begun.set()
        assert self.may.wait(60)
        return super().export(spans)


def test_a_collector_that_does_not_answer_cannot_keep_a_process_from_its_end():
    exporter = Stuck()
    telemetry = Telemetry(Tracing("here", exporter), None)
    active = telemetry.begin("m", [("traceparent", SAMPLED)], {})
    assert active is not None
    telemetry.end(active, "OK", {})
    telemetry.close()
    assert exporter.begun.is_set()
    assert not exporter.get_finished_spans()
    exporter.may.set()


def test_problems_of_the_exporter_are_lines_of_this_log():
    with structlog.testing.capture_logs() as entries:
        logging.getLogger("opentelemetry.exporter").warning("cannot reach %s", "the collector")
    assert [(entry["log_level"], entry["problem"]) for entry in entries] == [("warning", "cannot reach the collector")]
