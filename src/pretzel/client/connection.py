"""Channels to one address, and the blocking loop that runs operations over them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import grpc

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
from pretzel.client.tracing import traced
from pretzel.errors import PretzelError, UnavailableError
from pretzel.targets import Bearer, File

T = TypeVar("T")


class Connection:
    """A few channels to one address, and the loop that runs operations over them."""

    stub: Callable[[grpc.Channel], Any]
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
        """Create the channels; nothing is sent yet.

        Args:
            address: ``host:port``, ``https://host:port`` for TLS, ``unix:/path``, or any gRPC target:
                ``ipv4:10.0.0.1:8001,10.0.0.2:8001``, ``dns:///workers:8001``; or several with commas, ``a:1,b:1``.
                Calls of workers are distributed round-robin over the servers; a client of control planes stays with
                one of several addresses until that is unavailable.
            timeout: seconds that a call may take, each call can override it; or a :class:`Budget` of all calls.
            channels: number of connections; several let one client reach several worker processes of a machine.
            tls_ca: file with the authorities of the server's certificate, PEM; by default those that gRPC trusts.
                With any of the three files, an address without a scheme is one of TLS.
            tls_cert: file with the client's certificate, PEM, for servers that require one.
            tls_key: file with its private key.
            credentials: for TLS, instead of files.
            token: bearer token of all calls, for servers that ask who calls.
            token_file: file with the token, read again when it changes; by default the one that ``PRETZEL_TOKEN_FILE``
                names, or the token in ``PRETZEL_TOKEN``.
            insecure_token: allow a token over plain text to another machine.
            options: gRPC channel arguments; they override the defaults.
            tracing: begin a span of OpenTelemetry for each call, and send its trace context and a request id.

        Raises:
            InputError: the address or a file cannot be read, or a token would travel as plain text.
            PreconditionError: ``tracing`` needs OpenTelemetry, which is not installed.
        """
        self.address, self.timeout = address, timeout
        bearer = Bearer.of(token, token_file)
        self._endpoint = server = Endpoint(address, tls_ca, tls_cert, tls_key, credentials, bearer, insecure_token)
        arguments = channel_options(options)
        self._channels = server.open(grpc.insecure_channel, grpc.secure_channel, arguments, channels)
        if tracing:
            self._channels = [traced(channel, self.address) for channel in self._channels]
        self._stubs = [type(self).stub(channel) for channel in self._channels]
        self._turns = type(self).turns(channels * len(self._endpoint.targets))

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
        if isinstance(limit, Budget):
            with ending(limit) as end:
                return self._drive(operation, end)
        return self._drive(operation, None if limit is None else time.monotonic() + limit)

    def _drive(self, operation: Operation[T], end: float | None) -> T:
        answer, failure = None, None
        try:
            while True:
                effect = operation.throw(failure) if failure else operation.send(answer)
                answer, failure, place = None, None, self._turns.present
                try:
                    timeout = None if end is None else left(end, self.address)
                    if isinstance(effect, UnaryCall):  # not by _perform: nearly every effect is one
                        stub = self._stubs[self._turns.next_for(effect)]
                        call = getattr(stub, effect.method)
                        answer = call(effect.request, timeout=timeout, metadata=self._endpoint.metadata())
                        self._endpoint.reached = True
                    else:
                        answer = self._perform(effect, timeout)
                        self._endpoint.reached |= isinstance(effect, CALLS)
                except (grpc.RpcError, PretzelError) as error:
                    failure = self._endpoint.failure(error)
                    if isinstance(failure, UnavailableError):
                        self._turns.leave(place)
                    if cause := self._endpoint.cause(failure):
                        raise cause from None
        except StopIteration as done:
            return cast(T, done.value)

    def _perform(self, effect: Effect, timeout: float | None) -> Any:
        match effect:
            case StreamCall():
                self._listen([effect], timeout)
            case ParallelStreams(calls):
                self._listen(calls, timeout)
            case Sleep():
                seconds, fits = effect.within(timeout)
                time.sleep(seconds)
                return fits
            case RunBlocking(function):
                return function()
        return None

    def _listen(self, listens: Sequence[StreamCall], timeout: float | None) -> None:
        """Read from the calls round-robin, so that no stream stalls while another is read."""
        stubs = [self._stubs[self._turns.next()] for _ in listens]
        calls = [
            getattr(stub, listen.method)(listen.request, timeout=timeout, metadata=self._endpoint.metadata())
            for stub, listen in zip(stubs, listens, strict=True)
        ]
        try:
            for answers in itertools.zip_longest(*calls):
                for listen, answer in zip(listens, answers, strict=True):
                    if answer is not None:
                        listen.accept(answer)
        finally:
            for call in calls:
                call.cancel()
