"""Spans of a client's calls, and W3C trace context in their metadata; for clients with ``tracing=True``.

They belong to the tracer provider of the application, so that it decides what is sampled and where it is sent.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import grpc
import grpc.aio

from pretzel.client.request_ids import REQUEST_ID
from pretzel.errors import PreconditionError

MISSING = "tracing=True needs OpenTelemetry, which is not installed: pip install 'pretzel[telemetry]'"


class _Details(NamedTuple):
    """A `grpc.ClientCallDetails`."""

    method: str
    timeout: float | None
    metadata: Sequence[tuple[str, Any]]
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class _Spans:
    """Begins and ends spans."""

    def __init__(self, address: str) -> None:
        """Describe a server.

        Raises:
            PreconditionError: OpenTelemetry is not installed.
        """
        try:
            from opentelemetry import propagate, trace  # an optional extra, and slow to import
        except ImportError:
            raise PreconditionError(MISSING) from None
        self._address, self._trace, self._inject = address, trace, propagate.inject
        self._tracer = trace.get_tracer("pretzel.client")

    def begin(self, path: Any, metadata: Any) -> tuple[Any, list[tuple[str, Any]]]:
        """Return the span of a call, and its metadata with the context of the trace and a request id."""
        method = path.decode() if isinstance(path, bytes) else path
        pairs = list(metadata or ())
        identifier = next((value for key, value in pairs if key == REQUEST_ID), "")
        if not identifier:
            identifier = f"{random.getrandbits(64):016x}"
            pairs.append((REQUEST_ID, identifier))
        attributes = {
            "rpc.system.name": "grpc",
            "rpc.method": method[1:],
            "server.address": self._address,
            "pretzel.request_id": identifier,
        }
        span = self._tracer.start_span(method[1:], kind=self._trace.SpanKind.CLIENT, attributes=attributes)
        fields: dict[str, str] = {}
        self._inject(fields, self._trace.set_span_in_context(span))
        return span, [*pairs, *fields.items()]

    def end(self, span: Any, code: grpc.StatusCode | None) -> None:
        """End the span of a call with its status."""
        name = code.name if code is not None else "UNKNOWN"
        span.set_attribute("rpc.response.status_code", name)
        if name != "OK":
            span.set_status(self._trace.StatusCode.ERROR, name)
        span.end()


class _Blocking(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    def __init__(self, spans: _Spans) -> None:
        self._spans = spans

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self._one(continuation, client_call_details, request)

    def intercept_stream_unary(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return self._one(continuation, client_call_details, request_iterator)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self._many(continuation, client_call_details, request)

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return self._many(continuation, client_call_details, request_iterator)

    def _begin(self, details: Any) -> tuple[Any, _Details]:
        span, metadata = self._spans.begin(details.method, details.metadata)
        ready, compression = details.wait_for_ready, details.compression
        return span, _Details(details.method, details.timeout, metadata, details.credentials, ready, compression)

    def _one(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        span, details = self._begin(details)
        call = continuation(details, request)
        self._spans.end(span, call.code())
        return call

    def _many(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        span, details = self._begin(details)
        call = continuation(details, request)
        call.add_done_callback(lambda done: self._spans.end(span, done.code()))
        return call


class _Async:
    """The common part of the interceptors of grpc.aio, which are one for each form of calls."""

    def __init__(self, spans: _Spans) -> None:
        self._spans = spans
        self._ends: set[asyncio.Future[None]] = set()

    async def _call(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        span, pairs = self._spans.begin(details.method, details.metadata)
        ready = details.wait_for_ready
        metadata = grpc.aio.Metadata(*pairs)
        changed = grpc.aio.ClientCallDetails(details.method, details.timeout, metadata, details.credentials, ready)
        call = await continuation(changed, request)
        call.add_done_callback(lambda done: self._end_soon(span, done))
        return call

    def _end_soon(self, span: Any, call: Any) -> None:
        """End the span of a call that has ended; only a coroutine returns its status."""

        async def end() -> None:
            self._spans.end(span, await call.code())

        ending = asyncio.ensure_future(end())
        self._ends.add(ending)
        ending.add_done_callback(self._ends.discard)


class _AsyncOne(_Async, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._call(continuation, client_call_details, request)


class _AsyncGiven(_Async, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._call(continuation, client_call_details, request)


class _AsyncTaken(_Async, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await self._call(continuation, client_call_details, request_iterator)


class _AsyncBoth(_Async, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await self._call(continuation, client_call_details, request_iterator)


def traced(channel: grpc.Channel, address: str) -> grpc.Channel:
    """Return a channel whose calls have spans.

    Raises:
        PreconditionError: OpenTelemetry is not installed.
    """
    return grpc.intercept_channel(channel, _Blocking(_Spans(address)))


def async_interceptors(address: str) -> list[grpc.aio.ClientInterceptor]:
    """Return the interceptors of a channel of grpc.aio whose calls have spans.

    Raises:
        PreconditionError: OpenTelemetry is not installed.
    """
    spans = _Spans(address)
    return [kind(spans) for kind in (_AsyncOne, _AsyncGiven, _AsyncTaken, _AsyncBoth)]
