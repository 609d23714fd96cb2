"""Runs the handler of a call, of any of the four kinds, and turns its end into a status."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc

from pretzel.data_plane.transport.context import Context, deserialized
from pretzel.data_plane.transport.entrance import is_admitted
from pretzel.data_plane.transport.metering import PAID, may_stay
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.limits import renewed

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call

STOPPING = "this worker is stopping; retry on another one"


async def run_handler(call: Call, message: bytes | None, *, paid: bool = False) -> None:
    """Answer a call by its ordinary handler; ``message`` is the request of a method that takes one.

    The rows of one that is ``paid`` are charged already.
    """
    context = Context(call)
    PAID.set(paid)
    ACCESS.set(call.head.access)
    async with finishing(call):
        try:
            if call.method.takes_many and (refusal := may_stay(call)) is not None:
                raise renewed(refusal)
            await _handle(call, context, message)
        except grpc.aio.AbortError:
            pass
        call.finish(context.code(), context.details(), context.trailing_metadata())


async def run_awaitable(call: Call, message: bytes, answer: Awaitable[bytes | None]) -> None:
    """Answer a unary call by the result of a shortcut, or by its handler if there is none."""
    async with finishing(call):
        response = await answer
        if response is None:
            await run_handler(call, message, paid=True)
            return
        await call.write(response)
        call.finish(grpc.StatusCode.OK)


async def returned(answer: bytes) -> bytes:
    """Return an answer that is computed already."""
    return answer


@asynccontextmanager
async def finishing(call: Call) -> AsyncIterator[None]:
    """End the call with the status of an error."""
    try:
        yield
    except asyncio.CancelledError:
        call.finish(grpc.StatusCode.UNAVAILABLE, STOPPING)
    except Exception as error:
        call.finish_by(error)


async def _handle(call: Call, context: Context, message: bytes | None) -> None:
    handler = call.method.handler
    request: Any = _requests(call) if message is None else deserialized(call, message)
    if call.method.gives_many:
        responses = (handler.unary_stream or handler.stream_stream)(request, context)
        if inspect.isawaitable(responses):
            await responses  # it writes to the context itself
            return
        async for response in responses:
            if not is_admitted(call):
                return
            await context.write(response)
        return
    response = await (handler.unary_unary or handler.stream_unary)(request, context)
    if context.code() is grpc.StatusCode.OK:
        await context.write(response)


async def _requests(call: Call) -> AsyncIterator[Any]:
    while (message := await call.inbox.read()) is not None:
        yield deserialized(call, message)
