"""Interceptor of the grpcio front: attaches metadata to the answers of predictions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from pretzel.data_plane.serve.errors import SERVICES, Handler
from pretzel.data_plane.transport.attached import Attached


class AttachingInterceptor(grpc.aio.ServerInterceptor):
    """Attaches the newest metadata to each answer: the connection of a call is unknown here."""

    def __init__(self, attached: Attached) -> None:
        self._attached = attached

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Return the handler of a call; those of our services attach metadata when they have answered."""
        handler = await continuation(handler_call_details)
        is_ours = handler_call_details.method.startswith(SERVICES)
        return self._made(handler) if handler is not None and is_ours else handler

    def _made(self, handler: Any) -> Handler:
        streams = handler.response_streaming
        make = grpc.stream_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        behaviour = self._attaching(handler.stream_stream if streams else handler.unary_unary)
        made: Handler = make(behaviour, handler.request_deserializer, handler.response_serializer)
        return made

    def _attaching(self, behaviour: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        async def attaching(request: Any, context: Any) -> Any:
            answer = await behaviour(request, context)
            context.set_trailing_metadata(self._attached.metadata)
            return answer

        return attaching
