"""Records sampled calls of gRPC, on either front.

Calls that are not sampled keep their shortcuts.  The others take the ordinary path, where each part of the work has a
place to be recorded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from pretzel.data_plane.telemetry.telemetry import Active, Telemetry
from pretzel.data_plane.traffic.origin import Origin
from pretzel.data_plane.transport.context import ServicerContext
from pretzel.data_plane.transport.head import Head
from pretzel.data_plane.transport.methods import Answer, Method
from pretzel.serving.request_ids import REQUEST_ID

PREDICTIONS = frozenset(
    {
        *(f"/pretzel.v1.PredictionService/{name}" for name in ("Predict", "PredictMany", "PredictStream")),
        *(f"/inference.GRPCInferenceService/{name}" for name in ("ModelInfer", "ModelStreamInfer")),
    }
)
"""The methods whose calls are recorded."""


class GrpcCalls(grpc.aio.ServerInterceptor):
    """Chooses the calls that are recorded; an interceptor of grpc.aio, and :meth:`observe` for the native front."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def observe(self, head: Head, method: Method) -> Method:
        """Return a method that records this call if it is sampled, else the same method."""
        if not method.is_prediction:
            return method
        path = head.path.decode("latin-1")
        if method.each is not None:
            stream = _Stream(self._telemetry, path, head, method)
            return Method(method.handler, stream.fast, stream.each, method.path)
        active = self._telemetry.begin(path[1:], head.fields, _named(path))
        if active is None:
            return method
        recorded = Method(self._recorded(method.handler, active), None, None, method.path)
        recorded.is_prediction = True  # its answer carries a load report as others do
        return recorded

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the handler of a call, which records it if it is sampled."""
        handler, path = await continuation(handler_call_details), handler_call_details.method
        if handler is None or path not in PREDICTIONS:
            return handler
        fields = handler_call_details.invocation_metadata or ()
        active = self._telemetry.begin(path[1:], ((key, value) for key, value in fields), _named(path))
        return handler if active is None else self._recorded(handler, active)

    def _recorded(self, handler: Any, active: Active) -> Any:
        behaviour = handler.stream_stream or handler.unary_unary

        async def recorded(request: Any, context: ServicerContext) -> Any:
            async def work() -> Any:
                await context.send_initial_metadata(((REQUEST_ID, active.recording.request_id),))
                return await behaviour(request, context)

            return await self._telemetry.record(active, work, lambda: _code(context))

        wrap: Any = grpc.stream_stream_rpc_method_handler
        if not handler.response_streaming:
            wrap = grpc.unary_unary_rpc_method_handler
        return wrap(recorded, handler.request_deserializer, handler.response_serializer)


class _Stream:
    """One stream whose messages are answered in order, of which each is sampled."""

    def __init__(self, telemetry: Telemetry, path: str, head: Head, method: Method) -> None:
        self._telemetry, self._path, self._head, self._method = telemetry, path, head, method
        self._sampled: tuple[bytes, Active] | None = None
        """A message that the shortcut left to the ordinary path, and its record."""

    def fast(self, message: bytes, deadline: float, origin: Origin) -> Answer:
        """Answer a message that is not sampled."""
        active = self._telemetry.begin(self._path[1:], self._head.fields, _named(self._path))
        if active is not None:
            self._sampled = message, active
            return None
        return None if self._method.fast is None else self._method.fast(message, deadline, origin)

    async def each(self, message: bytes, context: ServicerContext) -> bytes:
        """Answer a message that has no shortcut, or is sampled."""
        each, sampled = self._method.each, self._sampled
        assert each is not None
        if sampled is None or sampled[0] is not message:
            return await each(message, context)
        active, self._sampled = sampled[1], None
        return await self._telemetry.record(active, lambda: each(message, context), lambda: _code(context))


def _named(path: str) -> dict[str, str]:
    return {"rpc.system.name": "grpc", "rpc.method": path[1:]}


def _code(context: Any) -> str:
    code = context.code()
    return str(getattr(code, "name", code))
