"""The cost of telemetry: one worker of one process per setting, one row per call of the native front.

Each round asks every worker in turn.  A collector in this process takes the traces.
"""

from __future__ import annotations

import statistics
import tempfile
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.serving import load
from benchmarks.serving.models.calls import MODELS
from benchmarks.serving.worker import worker

METHOD = "/pretzel.v1.PredictionService/Predict"
TRACED = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ROUNDS = 3
RECORDED = 1000
"""Calls of a run whose calls are recorded, which takes longer."""
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "all off": ((), ()),
    "all off, traced by its client": ((), (TRACED,)),
    "tracing, not traced by its client": (("--tracing",), ()),
    "tracing, traced by its client": (("--tracing",), (TRACED,)),
    "request log of 1%": (("--request-log={log}", "--request-log-rate=0.01"), ()),
    "request log of all": (("--request-log={log}", "--request-log-rate=1"), ()),
}
"""Options of the worker, and header fields of its calls."""

WHOLE = ("tracing, traced by its client", "request log of all")
"""Cases in which every call is recorded."""


class Collector(TraceServiceServicer):
    """Takes traces, and forgets them."""

    def Export(self, request: Any, context: Any) -> Any:
        return pb.ExportTraceServiceResponse()


@contextmanager
def collector() -> Iterator[str]:
    """Run a collector, and yield its address."""
    server = grpc.server(ThreadPoolExecutor(1))
    add_TraceServiceServicer_to_server(Collector(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop(None)


def counted(metrics_port: int) -> tuple[float, float]:
    """Return the processor seconds of a worker, and its calls."""
    url = f"http://127.0.0.1:{metrics_port}/metrics"
    with urllib.request.urlopen(url, timeout=30) as response:
        families = text_string_to_metric_families(response.read().decode())
    found = {sample.name: sample.value for family in families for sample in family.samples}
    return found["pretzel_processor_seconds_total"], found.get("pretzel_request_seconds_count", 0.0)


def measure() -> dict[str, list[tuple[float, float]]]:
    """Return microseconds of processor time per call, and calls per second, of each round of each case."""
    model = MODELS["wine"]()
    message = model.request(model.name).SerializeToString()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    with ExitStack() as running:
        directory = Path(running.enter_context(tempfile.TemporaryDirectory()))
        running.enter_context(patch.dict("os.environ", OTEL_EXPORTER_OTLP_ENDPOINT=running.enter_context(collector())))
        asked = {}
        for i, (name, (options, fields)) in enumerate(CASES.items()):
            own = (option.format(log=directory / f"log{i}") for option in options)
            ready = running.enter_context(worker(directory / str(i), {model.name: model.definition}, *own))
            least, port = RECORDED if name in WHOLE else 4000, ready["port"]
            call = partial(load.grpc_rate, f"127.0.0.1:{port}", METHOD, message, None, *fields, least=least)
            asked[name] = call, ready["metrics_port"]
        for _ in range(ROUNDS):
            for name, (call, port) in asked.items():
                before = counted(port)
                rate = call()
                after = counted(port)
                found[name].append((1e6 * (after[0] - before[0]) / (after[1] - before[1]), rate))
    return found


if __name__ == "__main__":
    for name, rounds in measure().items():
        times, rates = zip(*rounds, strict=True)
        spread = f"({min(times):.1f}-{max(times):.1f})"
        print(f"{name:<36} {statistics.median(times):6.1f} us {spread:<14} {statistics.median(rates):>9,.0f}/s")
