"""Interceptor of the grpcio front: admits calls by their credential, before a message is decoded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc

from pretzel.data_plane.serve.errors import Handler
from pretzel.errors import PretzelError
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.keeper import Keeper, authorization_in
from pretzel.serving.identity.recognition import PEER
from pretzel.serving.identity.table import Rule, rule_of
from pretzel.serving.request_ids import identified, request_id_of


class AccessInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method that is not open to all; the outermost interceptor."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Return the handler of a call, which runs if its caller has the role."""
        handler, rule = await continuation(handler_call_details), rule_of(handler_call_details.method)
        return handler if handler is None or rule.role is None else self._guarded(handler, rule)

    def _guarded(self, handler: Any, rule: Rule) -> Handler:
        read, write = handler.request_deserializer, handler.response_serializer
        if handler.request_streaming:  # its messages are decoded when they are read
            make, behaviour = grpc.stream_stream_rpc_method_handler, handler.stream_stream
            return make(self._admitting(behaviour, rule), read, write)
        if handler.response_streaming:
            make, behaviour = grpc.unary_stream_rpc_method_handler, handler.unary_stream
            return make(self._admitting_stream(behaviour, rule, read), None, write)
        return grpc.unary_unary_rpc_method_handler(self._admitting(handler.unary_unary, rule, read), None, write)

    def _admitting(self, behaviour: Callable[[Any, Any], Any], rule: Rule, read: Any = None) -> Any:
        async def admitted(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            async with self._entered(rule, context, stream=read is None):
                return await behaviour(read(request) if read else request, context)

        return admitted

    def _admitting_stream(self, behaviour: Callable[[Any, Any], Any], rule: Rule, read: Any) -> Any:
        async def admitted(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            async with self._entered(rule, context):
                async for response in behaviour(read(request) if read else request, context):
                    await self._stay(context)
                    yield response

        return admitted

    @asynccontextmanager
    async def _entered(
        self, rule: Rule, context: grpc.aio.ServicerContext[Any, Any], *, stream: bool = False
    ) -> AsyncIterator[None]:
        """Let a call run in the block, or end it."""
        await self._enter(rule, context)
        access = ACCESS.get()
        assert access is not None
        meter = access.caller.meter
        refusal = None if meter is None else meter.stay() if stream else meter.enter()
        if refusal is not None:
            await context.abort(*identified(refusal, request_id_of(context.invocation_metadata() or ())))
        try:
            yield
        finally:
            if meter is not None:
                meter.leave()

    async def _stay(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """End a call whose credential has ended."""
        access = ACCESS.get()
        assert access is not None
        try:
            access.refresh()
        except PretzelError as error:
            await context.abort(*identified(error, request_id_of(context.invocation_metadata() or ())))

    async def _enter(self, rule: Rule, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Note the access of a call, or end it."""
        metadata, keeper = context.invocation_metadata() or (), self._keeper
        names: Mapping[str, Any] = {**context.auth_context(), PEER: [str(context.peer()).encode()]}
        authorization = authorization_in(metadata)
        try:
            ACCESS.set(rule.lasting(lambda: keeper.identify(authorization, names)))
        except PretzelError as error:
            await context.abort(*identified(error, request_id_of(metadata)))
