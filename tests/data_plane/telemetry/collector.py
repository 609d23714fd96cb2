"""A collector of OpenTelemetry: a real gRPC server for the protocol that exporters speak."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

SECONDS = 60


@dataclass
class Span:
    """A received span, with those inside it in the order of their times."""

    message: Any
    service: str
    inside: list[Span] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.message.name)

    @property
    def attributes(self) -> dict[str, Any]:
        return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in self.message.attributes}

    @property
    def begun(self) -> int:
        return int(self.message.start_time_unix_nano)

    @property
    def ended(self) -> int:
        return int(self.message.end_time_unix_nano)

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.inside]

    def all(self) -> Iterator[Span]:
        yield self
        for span in self.inside:
            yield from span.all()

    def __getitem__(self, name: str) -> Span:
        return next(span for span in self.inside if span.name == name)


class Collector(TraceServiceServicer):
    """Keeps what it receives."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._moved = threading.Condition()

    def Export(self, request: pb.ExportTraceServiceRequest, context: grpc.ServicerContext) -> Any:
        with self._moved:
            for resource in request.resource_spans:
                service = next(
                    item.value.string_value for item in resource.resource.attributes if item.key == "service.name"
                )
                self._spans += [Span(span, service) for scope in resource.scope_spans for span in scope.spans]
            self._moved.notify_all()
        return pb.ExportTraceServiceResponse()

    def traces(self) -> set[str]:
        with self._moved:
            return {span.message.trace_id.hex() for span in self._spans}

    def tree(self, trace: str, complete: Callable[[Sequence[Span]], bool]) -> list[Span]:
        """Wait until the spans of a trace are complete and inside one, which comes last, and return that one."""
        deadline = time.monotonic() + SECONDS
        with self._moved:
            while not (complete(found := self._of(trace)) and len(roots := nested(found)) == 1):
                assert self._moved.wait(deadline - time.monotonic()), [span.name for span in found]
        return roots

    def _of(self, trace: str) -> list[Span]:
        return [span for span in self._spans if span.message.trace_id.hex() == trace]


def nested(found: Sequence[Span]) -> list[Span]:
    """Return the spans that are inside no other, with those inside them."""
    by_id = {span.message.span_id: Span(span.message, span.service) for span in found}
    roots = []
    for span in sorted(by_id.values(), key=lambda span: (span.begun, span.ended)):
        parent = by_id.get(span.message.parent_span_id)
        (parent.inside if parent else roots).append(span)
    return roots


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    """Run a collector, and yield it with its address."""
    server = grpc.server(ThreadPoolExecutor(2))
    collector = Collector()
    add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collector, f"http://127.0.0.1:{port}"
    finally:
        server.stop(None).wait(SECONDS)
