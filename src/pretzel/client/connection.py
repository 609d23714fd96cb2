"""Channels to one address, and the blocking loop that runs operations over them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import grpc

from pretzel.client.channel import channel_options
from pretzel.client.failures import failure_of
from pretzel.client.operations import Effect, Operation, ParallelStreams, RunBlocking, Sleep, StreamCall, UnaryCall
from pretzel.errors import PretzelError
from pretzel.plan.texts import sendable

T = TypeVar("T")


class Connection:
    """A few channels to one address, and the loop that runs operations over them."""

    stub: Callable[[grpc.Channel], Any]

    def __init__(
        self,
        address: str,
        *,
        timeout: float | None = None,
        channels: int = 4,
        credentials: grpc.ChannelCredentials | None = None,
        options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        """Create the channels; nothing is sent yet.

        Args:
            address: ``host:port``, or any gRPC target: ``ipv4:10.0.0.1:8001,10.0.0.2:8001``, ``dns:///workers:8001``.
                Calls are distributed round-robin over the servers behind it.
            timeout: seconds that a call may take in total; each call can override it.
            channels: number of connections; several let one client reach several worker processes of a machine.
            credentials: for TLS; None: no encryption.
            options: gRPC channel arguments; they override the defaults.
        """
        self.address, self.timeout = sendable("address", address), timeout
        arguments = channel_options(options)
        self._channels = [_channel(address, credentials, arguments) for _ in range(channels)]
        self._stubs = itertools.cycle([type(self).stub(channel) for channel in self._channels])

    def close(self) -> None:
        """Close the connections; running calls are cancelled."""
        for channel in self._channels:
            channel.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def _run(self, operation: Operation[T], timeout: float | None) -> T:
        """Perform the effects of an operation until it returns its result."""
        limit = timeout if timeout is not None else self.timeout
        deadline = None if limit is None else time.monotonic() + limit
        answer, failure = None, None
        try:
            while True:
                effect = operation.throw(failure) if failure else operation.send(answer)
                answer, failure = None, None
                try:
                    answer = self._perform(effect, None if deadline is None else deadline - time.monotonic())
                except (grpc.RpcError, PretzelError) as error:
                    failure = failure_of(error, self.address)
        except StopIteration as done:
            return cast(T, done.value)

    def _perform(self, effect: Effect, timeout: float | None) -> Any:
        match effect:
            case UnaryCall(method, request):
                return getattr(next(self._stubs), method)(request, timeout=timeout)
            case StreamCall():
                self._listen([effect], timeout)
            case ParallelStreams(calls):
                self._listen(calls, timeout)
            case Sleep(seconds):
                time.sleep(seconds if timeout is None else max(0.0, min(seconds, timeout)))
            case RunBlocking(function):
                return function()
        return None

    def _listen(self, listens: Sequence[StreamCall], timeout: float | None) -> None:
        """Read from the calls round-robin, so that no stream stalls while another is read."""
        calls = [getattr(next(self._stubs), listen.method)(listen.request, timeout=timeout) for listen in listens]
        try:
            for answers in itertools.zip_longest(*calls):
                for listen, answer in zip(listens, answers, strict=True):
                    if answer is not None:
                        listen.accept(answer)
        finally:
            for call in calls:
                call.cancel()


def _channel(address: str, credentials: grpc.ChannelCredentials | None, options: list[tuple[str, Any]]) -> grpc.Channel:
    if credentials is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, credentials, options)
