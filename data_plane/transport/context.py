"""The context of a call, with the methods of `grpc.aio.ServicerContext` that servicers use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import grpc

from pretzel.data_plane.transport.status import Metadata

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call

ServicerContext: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
"""What a servicer takes: the context of either front."""


class Context:
    """The view of a call that its handler has."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._code, self._details = grpc.StatusCode.OK, ""
        self._trailing: Metadata = ()

    # What the client sent

    @property
    def origin(self) -> Call:
        """Return the call, by which it is routed."""
        return self._call

    def invocation_metadata(self) -> Metadata:
        """Return the client's metadata."""
        return self._call.head.metadata()

    def peer(self) -> str:
        """Return the client's address, as gRPC writes it."""
        return self._call.connection.peer

    def auth_context(self) -> dict[str, list[bytes]]:
        """Return the properties of the client's certificate."""
        return self._call.connection.auth_context

    def time_remaining(self) -> float | None:
        """Return the seconds left to the deadline, or None without one."""
        deadline = self._call.deadline
        return max(0.0, deadline - time.monotonic()) if deadline else None

    async def read(self) -> Any:
        """Return the next request, or `grpc.aio.EOF` after the last."""
        message = await self._call.inbox.read()
        return grpc.aio.EOF if message is None else deserialized(self._call, message)

    # What the handler answers

    async def send_initial_metadata(self, metadata: Metadata) -> None:
        """Send the metadata that precedes the first response."""
        self._call.initial_metadata = metadata
        self._call.connection.sender.send_headers(self._call)

    async def write(self, response: Any) -> None:
        """Send a response; wait while the client is slow to read."""
        write = self._call.method.handler.response_serializer
        await self._call.write(write(response) if write else response)

    def set_compression(self, compression: grpc.Compression) -> None:
        """Compress the responses by gzip, if the client accepts that.

        Raises:
            RuntimeError: the headers, which name the compression, are sent.
        """
        if self._call.headers_sent:
            raise RuntimeError("set the compression before the first response")
        self._call.gzip = compression != grpc.Compression.NoCompression and self._call.head.accepts_gzip

    def set_code(self, code: grpc.StatusCode) -> None:
        """Set the status that the call ends with when its handler returns."""
        self._code = code

    def set_details(self, details: str) -> None:
        """Set the message of that status."""
        self._details = details

    def set_trailing_metadata(self, metadata: Metadata) -> None:
        """Set the metadata that follows the last response."""
        self._trailing = metadata

    def code(self) -> grpc.StatusCode:
        """Return the status."""
        return self._code

    def details(self) -> str:
        """Return the message of the status."""
        return self._details

    def trailing_metadata(self) -> Metadata:
        """Return the trailing metadata."""
        return self._trailing

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata = ()) -> NoReturn:
        """End the call with an error.

        Raises:
            grpc.aio.AbortError: always, so that the handler ends too.
        """
        self._code, self._details = code, details
        self._trailing = trailing_metadata or self._trailing
        raise grpc.aio.AbortError(details)

    # The state of the call

    def cancelled(self) -> bool:
        """Return whether the client has gone."""
        return self._call.finished

    def done(self) -> bool:
        """Return whether the call has ended."""
        return self._call.finished

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Call back when the handler has ended."""
        task = asyncio.current_task()
        if task is not None:
            task.add_done_callback(lambda _: callback(self))


def deadline_of(context: ServicerContext) -> float:
    """Return the time of ``time.monotonic()`` at which a call expires; 0 without a deadline."""
    remaining = context.time_remaining()
    return 0.0 if remaining is None else time.monotonic() + remaining


def deserialized(call: Call, message: bytes) -> Any:
    """Return a request in the form that the handler takes."""
    read = call.method.handler.request_deserializer
    return read(message) if read else message
