"""Channels to one address, and the asyncio loop that runs operations over them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import grpc
import grpc.aio

from pretzel.client.channel import Turns, channel_options
from pretzel.client.endpoint import Budget, Endpoint, Limit, ending, left
from pretzel.client.operations import (
    CALLS,
    Effect,
    Operation,
    ParallelStreams,
    RunBlocking,
    Sleep,
    StreamCall,
    UnaryCall,
)
from pretzel.client.tracing import async_interceptors
from pretzel.errors import PretzelError, UnavailableError
from pretzel.targets import Bearer, File

T = TypeVar("T")

_CHANNELS: tuple[Any, Any] = (grpc.aio.insecure_channel, grpc.aio.secure_channel)


class AsyncConnection:
    """A few channels to one address, and the loop that runs operations over them."""

    stub: Callable[[Any], Any]
    turns: type[Turns] = Turns

    def __init__(
        self,
        address: str,
        *,
        timeout: Limit = None,
        channels: int = 4,
        tls_ca: File | None = None,
        tls_cert: File | None = None,
        tls_key: File | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        token: str | None = None,
        token_file: File | None = None,
        insecure_token: bool = False,
        options: Sequence[tuple[str, Any]] = (),
        tracing: bool = False,
    ) -> None:
        """Store the arguments of :class:`~pretzel.client.connection.Connection`; channels are opened on first use."""
        self.address, self.timeout = address, timeout
        bearer = Bearer.of(token, token_file)
        self._endpoint = Endpoint(address, tls_ca, tls_cert, tls_key, credentials, bearer, insecure_token)
        self._count, self._options = channels, channel_options(options)
        self._channels: list[grpc.aio.Channel] = []
        self._stubs: list[Any] = []
        self._turns = type(self).turns(channels * len(self._endpoint.targets))
        self._interceptors = async_interceptors(address) if tracing else None

    async def close(self) -> None:
        """Close the connections; running calls are cancelled."""
        for channel in self._channels:
            await channel.close()

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    def _stub(self, place: int) -> Any:
        # Channels bind to the running loop, and a client may be created before one runs.
        if not self._stubs:
            spans = self._interceptors
            plain, secure = (partial(kind, interceptors=spans) for kind in _CHANNELS)
            self._channels = self._endpoint.open(plain, secure, self._options, self._count)
            self._stubs = [type(self).stub(channel) for channel in self._channels]
        return self._stubs[place]

    async def _run(self, operation: Operation[T], timeout: float | None) -> T:
        """Perform the effects of an operation until it returns its result."""
        limit = timeout if timeout is not None else self.timeout
        if isinstance(limit, Budget):
            with ending(limit) as end:
                return await self._drive(operation, end)
        return await self._drive(operation, None if limit is None else time.monotonic() + limit)

    async def _drive(self, operation: Operation[T], end: float | None) -> T:
        answer, failure = None, None
        try:
            while True:
                effect = operation.throw(failure) if failure else operation.send(answer)
                answer, failure, place = None, None, self._turns.present
                try:
                    timeout = None if end is None else left(end, self.address)
                    if isinstance(effect, UnaryCall):  # not by _perform: nearly every effect is one
                        stub = self._stub(self._turns.next_for(effect))
                        call = getattr(stub, effect.method)
                        answer = await call(effect.request, timeout=timeout, metadata=self._endpoint.metadata())
                        self._endpoint.reached = True
                    else:
                        answer = await self._perform(effect, timeout)
                        self._endpoint.reached |= isinstance(effect, CALLS)
                except (grpc.RpcError, PretzelError) as error:
                    failure = self._endpoint.failure(error)
                    if isinstance(failure, UnavailableError):
                        self._turns.leave(place)
                    if cause := await asyncio.to_thread(self._endpoint.cause, failure):
                        raise cause from None
        except StopIteration as done:
            return cast(T, done.value)

    async def _perform(self, effect: Effect, timeout: float | None) -> Any:
        match effect:
            case StreamCall():
                await self._listen([effect], timeout)
            case ParallelStreams(calls):
                await self._listen(calls, timeout)
            case Sleep():
                seconds, fits = effect.within(timeout)
                await asyncio.sleep(seconds)
                return fits
            case RunBlocking(function):
                return await asyncio.to_thread(function)
        return None

    async def _listen(self, listens: Sequence[StreamCall], timeout: float | None) -> None:
        stubs = [self._stub(self._turns.next()) for _ in listens]
        calls = [
            getattr(stub, listen.method)(listen.request, timeout=timeout, metadata=self._endpoint.metadata())
            for stub, listen in zip(stubs, listens, strict=True)
        ]
        try:
            await asyncio.gather(*(_drain(call, listen) for call, listen in zip(calls, listens, strict=True)))
        finally:
            for call in calls:
                call.cancel()


async def _drain(call: Any, listen: StreamCall) -> None:
    async for answer in call:
        listen.accept(answer)
