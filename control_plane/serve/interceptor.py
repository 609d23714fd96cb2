"""Interceptor of the control plane: maps errors to statuses; times, counts and logs calls."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import grpc
import grpc.aio
import structlog

from pretzel.control_plane.serve.access import Door, check_lasting
from pretzel.control_plane.serve.auditing import Refusals, begin, name_request
from pretzel.control_plane.serve.metrics import Metrics
from pretzel.control_plane.serve.requests import Requests
from pretzel.errors import DeadlineError
from pretzel.plan.wire import read_or_raise
from pretzel.serving.errors import Status, status_of
from pretzel.serving.log_limit import REFUSED

STALL_SECONDS = 60.0
"""Time after which a stream ends whose peer does not read."""
REQUEST_SECONDS = 120.0
"""Time that a call may take to send its request."""
_log = structlog.get_logger(part="calls")
Take = Callable[[Any], Awaitable[Any]]
"""Returns the request of a call from its messages."""


class Calls(grpc.aio.ServerInterceptor):
    """Wraps every method of every service."""

    def __init__(
        self,
        metrics: Metrics,
        stall_seconds: float = STALL_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
        door: Door | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """Count in ``metrics``; ``door`` decides who may call what, and ``refusals`` records refused changes.

        End streams whose peer reads nothing for ``stall_seconds``, and calls whose request does not arrive in
        ``request_seconds``.
        """
        self._metrics, self._stall_seconds = metrics, stall_seconds
        self._requests = Requests(request_seconds)
        self._door, self._refusals = door or Door(), refusals
        self._active = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        method, read = str(handler_call_details.method), handler.request_deserializer
        # gRPC waits for the request of a unary call without limit, and parses it on the event loop; so each is read
        # as a stream, which is the same to the client.
        take = None if handler.request_streaming else partial(self._requests.first, method=method, read=read or bytes)
        wrapped = self._wrap(behaviour, method, take)
        kind = (
            grpc.stream_stream_rpc_method_handler
            if handler.response_streaming
            else grpc.stream_unary_rpc_method_handler
        )
        return kind(wrapped, None if take else read and read_or_raise(read), handler.response_serializer)

    def _wrap(self, behaviour: Callable[[Any, Any], Any], method: str, take: Take | None) -> Callable[[Any, Any], Any]:
        async def generate(messages: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            async with self._call(method, context):
                request = await self._request(method, messages, take)
                async with aclosing(behaviour(request, context)) as responses:
                    async for response in responses:
                        await self._send(response, context)

        async def answer(messages: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            async with self._call(method, context):
                return await behaviour(await self._request(method, messages, take), context)

        return generate if inspect.isasyncgenfunction(behaviour) else answer

    async def _request(self, method: str, messages: Any, take: Take | None) -> Any:
        """Return the request of a call that its caller may make; of a stream, its messages."""
        if take is None:
            return _while_accepted(messages)
        request = await take(messages)
        name_request(request)
        self._door.check(method, request)
        return request

    async def _send(self, response: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Send a response of a stream; end the call of a peer that does not read, or whose credential has ended."""
        check_lasting()
        try:
            async with asyncio.timeout(self._stall_seconds):
                await context.write(response)
        except TimeoutError:
            raise DeadlineError(
                f"the client read nothing of this stream for {self._stall_seconds:g} s; read it, or call again"
            ) from None
        except grpc.aio.InternalError:  # the client is gone
            raise asyncio.CancelledError from None

    @asynccontextmanager
    async def _call(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[None]:
        start, code = time.perf_counter(), "OK"
        rejection: Status | None = None
        with self._counted(method):
            try:
                begin(method, context)
                self._door.enter(method, context)
                yield
            except grpc.aio.AbortError:
                code = "ABORTED"
                raise
            except (asyncio.CancelledError, GeneratorExit):
                code = "CANCELLED"
                raise
            except Exception as error:
                rejection = _rejection(error, method)
                code = rejection.code.name
            finally:
                self._metrics.calls.labels(method, code).observe(time.perf_counter() - start)
            if rejection is not None:  # counted first: a client that has the status may read the count
                if self._refusals is not None:
                    await self._refusals.note(rejection)
                await rejection.abort(context)

    @contextmanager
    def _counted(self, method: str) -> Iterator[None]:
        """Count calls of our own services while they run: others (health watches) never end on their own."""
        ours = method.startswith("/pretzel.")
        self._count(ours)
        try:
            yield
        finally:
            self._count(-ours)

    def _count(self, change: int) -> None:
        self._active += change
        (self.idle.clear if self._active else self.idle.set)()


async def _while_accepted(messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yield the messages of a stream as long as the credential of its call is accepted."""
    async for message in messages:
        check_lasting()
        yield message


def _rejection(error: Exception, method: str) -> Status:
    status = status_of(error)
    if not status.fault:
        fields = {"method": method, "code": status.code.name, "message": status.message}
        REFUSED.write(_log.info, "rejected", kind=(method, status.code.name), **fields)
    return status
