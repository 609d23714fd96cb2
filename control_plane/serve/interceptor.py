"""The one place where errors become statuses, and where calls are timed, counted and logged."""

from __future__ import annotations

import asyncio
import inspect
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import grpc
import grpc.aio

from pretzel.control_plane.serve.logs import logger
from pretzel.control_plane.serve.metrics import Metrics
from pretzel.errors import InputError, PretzelError, brief
from pretzel.plan.wire import read_or_error, read_or_raise

_log = logger("calls")
_HANDLERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class Calls(grpc.aio.ServerInterceptor):
    """Wraps every method of every service."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._active = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        streams = (handler.request_streaming, handler.response_streaming)
        behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        wrapped = self._wrap(behaviour, str(handler_call_details.method))
        read = handler.request_deserializer
        if read is not None:
            read = read_or_raise(read) if handler.request_streaming else read_or_error(read)
        return _HANDLERS[streams](wrapped, read, handler.response_serializer)

    def _wrap(self, behaviour: Callable[[Any, Any], Any], method: str) -> Callable[[Any, Any], Any]:
        async def generate(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            async with self._call(method, context):
                _refuse_garbage(request)
                async for response in behaviour(request, context):
                    yield response

        async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            async with self._call(method, context):
                _refuse_garbage(request)
                return await behaviour(request, context)

        return generate if inspect.isasyncgenfunction(behaviour) else answer

    @asynccontextmanager
    async def _call(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[None]:
        start, code, refusal = time.perf_counter(), "OK", None
        with self._counted(method):
            try:
                yield
            except grpc.aio.AbortError:
                code = "ABORTED"
                raise
            except (asyncio.CancelledError, GeneratorExit):
                code = "CANCELLED"
                raise
            except Exception as error:
                # Several errors share a code; clients tell them apart by the name.
                code, text = _status(error, method)
                refusal = grpc.StatusCode[code], text, (("pretzel-error", type(error).__name__),)
            finally:
                self._metrics.calls.labels(method, code).observe(time.perf_counter() - start)
            if refusal is not None:  # after it was counted, so that who reads the status can read the count
                await context.abort(*refusal)

    @contextmanager
    def _counted(self, method: str) -> Iterator[None]:
        """Count calls of our own services while they run: others (health watches) never end by themselves."""
        ours = method.startswith("/pretzel.")
        self._count(ours)
        try:
            yield
        finally:
            self._count(-ours)

    def _count(self, change: int) -> None:
        self._active += change
        (self.idle.clear if self._active else self.idle.set)()


def _refuse_garbage(request: Any) -> None:
    if isinstance(request, InputError):
        raise request


def _status(error: Exception, method: str) -> tuple[str, str]:
    """Return the status of an error; a fault of ours gets an id by which the log tells more."""
    if isinstance(error, PretzelError) and error.code != "INTERNAL":
        _log.info("refused", method=method, code=error.code, message=str(error))
        return error.code, brief(error)
    fault = uuid.uuid4().hex[:12]
    _log.error("fault", method=method, error_id=fault, exc_info=error)
    return "INTERNAL", f"internal error {fault}; the control plane's log says more under this id"
