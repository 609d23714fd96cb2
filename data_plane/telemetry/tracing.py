"""Spans of recorded calls, sent by OpenTelemetry's own exporter."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pretzel.data_plane.telemetry.recording import Load, Recording, Run
from pretzel.engine.hops import Hop
from pretzel.plan.steps import Names, of_version
from pretzel.serving.log_limit import REFUSED

log = structlog.get_logger(__name__)

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
SERVICE = "pretzel-worker"
"""Name of the service unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES has one."""
_SAMPLED = frozenset("13579bdf")
_PROPAGATOR = TraceContextTextMapPropagator()


class Tracing:
    """Begins and ends the spans of calls."""

    def __init__(self, instance: str, exporter: SpanExporter | None = None) -> None:
        """Export as the OTEL variables say, or to ``exporter``; ``instance`` names this process."""
        _log_as_servers_do()
        self._follows = "OTEL_TRACES_SAMPLER" not in os.environ
        sampler = ParentBased(ALWAYS_OFF) if self._follows else None
        named = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        own = {"service.instance.id": instance} | ({} if named else {"service.name": SERVICE})
        self._provider = TracerProvider(sampler=sampler, resource=Resource.create(own), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("pretzel")

    def begin(self, name: str, fields: Mapping[str, str], attributes: Mapping[str, Any]) -> Span | None:
        """Return the span of a call with these trace fields; None if it is not sampled."""
        parent = fields.get(TRACEPARENT, "")
        if self._follows and parent[-1:] not in _SAMPLED:
            return None
        context = _PROPAGATOR.extract(fields) if parent else Context()
        span = self._tracer.start_span(name, context, SpanKind.SERVER, attributes)
        return span if span.is_recording() else None

    def end(self, span: Span, recording: Recording, code: str, attributes: Mapping[str, Any]) -> None:
        """End the span of a call, with a span for each part of its record."""
        now = time.monotonic()
        clock = _Clock(time.time_ns(), now)
        context = trace.set_span_in_context(span)
        for load in recording.loads:
            self._load(load, context, clock)
        for run in recording.runs:
            self._run(run, context, clock)
        span.set_attributes({**attributes, "pretzel.request_id": recording.request_id, **_models(recording.runs)})
        if code != "OK":
            span.set_status(StatusCode.ERROR, code)  # not the message, which may show values
        span.end(clock.at(now))

    def _load(self, load: Load, context: Context, clock: _Clock) -> None:
        span = self._tracer.start_span(
            "load", context, attributes={"pretzel.plan": load.plan}, start_time=clock.at(load.begun)
        )
        span.end(clock.at(load.ended or load.begun))

    def _run(self, run: Run, context: Context, clock: _Clock) -> None:
        begun = run.begun or run.submitted
        self._tracer.start_span("queue", context, start_time=clock.at(run.submitted)).end(clock.at(begun))
        if not run.begun:  # it was refused, or cancelled while it waited
            return
        attributes = {"pretzel.rows": run.rows, "pretzel.models": len(run.versions)}
        program = self._tracer.start_span("program", context, attributes=attributes, start_time=clock.at(begun))
        inside, at = trace.set_span_in_context(program), begun
        names = _names(run)
        for step, seconds, stages in run.steps:
            name, described = _described(step)
            if own := list(dict.fromkeys(name for stage in stages for name in names(stage))):
                described["pretzel.steps"] = own
            stage = self._tracer.start_span(name, inside, attributes=described, start_time=clock.at(at))
            at += seconds
            stage.end(clock.at(at))
        program.end(clock.at(run.ended or begun))

    def flush(self) -> None:
        """Send what is left."""
        self._provider.force_flush()

    def start_close(self) -> threading.Thread:
        """Begin to send what is left and to end; without a collector that takes long, so the process does not wait."""
        closing = threading.Thread(target=self._provider.shutdown, name="close-traces", daemon=True)
        closing.start()
        return closing


class _Reports(logging.Handler):
    """Writes what OpenTelemetry reports to the log of this server, within its rate."""

    def emit(self, record: logging.LogRecord) -> None:
        REFUSED.write(log.warning, "OpenTelemetry reports a problem", kind=record.msg, problem=record.getMessage())


def _log_as_servers_do() -> None:
    logger = logging.getLogger("opentelemetry")
    if not any(isinstance(handler, _Reports) for handler in logger.handlers):
        logger.addHandler(_Reports(logging.WARNING))
        logger.propagate = False


class _Clock:
    """Converts times of ``time.monotonic()`` to nanoseconds of the time of day."""

    def __init__(self, wall: int, monotonic: float) -> None:
        self._wall, self._monotonic = wall, monotonic

    def at(self, monotonic: float) -> int:
        return self._wall + int((monotonic - self._monotonic) * 1e9)


def _models(runs: Iterable[Run]) -> dict[str, Any]:
    versions = list(dict.fromkeys(str(version) for run in runs for version in run.versions))
    return {"pretzel.model": versions[0] if len(versions) == 1 else versions} if versions else {}


def _names(run: Run) -> Callable[[int], Names]:
    """Return a function from a stage to the names of its steps; of none if the models that ran differ in them."""
    names = of_version(run.versions[0].metadata) if run.versions else []
    if any(version.plan != run.versions[0].plan or of_version(version.metadata) != names for version in run.versions):
        return lambda stage: ()
    return lambda stage: names[stage] if stage < len(names) else ()


def _described(step: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of a step's span, and its attributes."""
    if isinstance(step, Hop):
        return f"python {step.path}", {"pretzel.step": step.path}
    kind = type(step)
    module = kind.__module__.removeprefix("pretzel.kernels.")
    return f"stage {kind.__name__}", {"pretzel.kernel": f"{module}:{kind.__name__}"}
