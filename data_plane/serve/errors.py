"""Interceptor of the data plane: maps errors to statuses, and counts running and failed calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.serve.packing import serialized
from pretzel.data_plane.telemetry.recording import RECORDING
from pretzel.data_plane.traffic.origin import ORIGIN, origin_of
from pretzel.data_plane.transport.context import ServicerContext
from pretzel.errors import InputError
from pretzel.plan.wire import read_or_error, read_or_raise
from pretzel.serving.errors import status_of
from pretzel.serving.request_ids import identified, request_id_of
from pretzel.v1 import prediction_pb2 as pb

SERVICES = ("/pretzel.v1.PredictionService/", "/inference.GRPCInferenceService/")
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


def call_error(error: Exception) -> pb.CallError:
    """Return an error as part of a response whose other parts are valid."""
    status = status_of(error)
    return pb.CallError(code=status.code.value[0], message=status.message, retry_delay=status.retry_delay)


def model_in(request: Any) -> str:
    """Return the model that a request names, in the field of its protocol."""
    return next((getattr(request, name) for name in ("model", "model_name", "name") if hasattr(request, name)), "")


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Maps errors of prediction calls to statuses, counts them, and counts the running calls."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._guarded: dict[str, Handler] = {}
        self.running = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Return the guarded handler of a call; it is made once per method."""
        method: str = handler_call_details.method
        guarded: Handler | None = self._guarded.get(method)
        if guarded is not None:
            return guarded
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        guarded = self._guarded[method] = self.guard(handler, method)
        return guarded

    def guard(self, handler: Any, path: str) -> Any:
        """Return the guarded handler of a method; other services than ours keep theirs."""
        if not path.startswith(SERVICES):
            return handler
        name = path.rpartition("/")[2]
        read, write = handler.request_deserializer, serialized(handler.response_serializer)
        if handler.response_streaming:
            streaming = self._stream(handler.stream_stream, name)
            return grpc.stream_stream_rpc_method_handler(streaming, read_or_raise(read), write)
        return grpc.unary_unary_rpc_method_handler(self._unary(handler.unary_unary, name), read_or_error(read), write)

    def _unary(self, behaviour: Callable[[Any, ServicerContext], Awaitable[Any]], name: str) -> Any:
        async def guarded(request: Any, context: ServicerContext) -> Any:
            self.running += 1
            ORIGIN.set(origin_of(context))
            try:
                if isinstance(request, InputError):
                    raise request
                return await behaviour(request, context)
            except grpc.aio.AbortError:
                raise
            except Exception as error:
                await self._abort(context, name, model_in(request), error)
            finally:
                self.running -= 1

        return guarded

    def _stream(self, behaviour: Callable[[Any, ServicerContext], Awaitable[None]], name: str) -> Any:
        async def guarded(requests: AsyncIterator[Any], context: ServicerContext) -> None:
            self.running += 1
            ORIGIN.set(origin_of(context))
            try:
                await behaviour(requests, context)
            except grpc.aio.AbortError:
                raise
            except Exception as error:
                await self._abort(context, name, "", error)
            finally:
                self.running -= 1

        return guarded

    async def _abort(self, context: ServicerContext, name: str, model: str, error: Exception) -> None:
        recording = RECORDING.get()
        identifier = recording.request_id if recording else request_id_of(context.invocation_metadata())
        code, message, metadata = identified(error, identifier)
        self.tally.error(name, model, code.name)
        await context.abort(code, message, metadata)
