"""gRPC over grpcio: where `ngh2` is not installed, and for addresses that gRPC resolves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

from pretzel.errors import UnavailableError
from pretzel.loadgen.calls import DEADLINE, LATE, UNLIMITED, Answered, Call, Failed, Request
from pretzel.loadgen.server import Server

_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


class GrpcioTransport:
    """Several channels that take turns; each call is a task."""

    answered: Answered
    failed: Failed

    def __init__(self, server: Server, connections: int) -> None:
        self._server, self._count = server, connections
        self._channels: list[grpc.aio.Channel] = []
        self._tasks: dict[asyncio.Task[None], Call] = {}
        self._requests: Sequence[Request] = ()
        self._sent = 0

    def prepare(self, requests: Sequence[Request]) -> None:
        """Keep the requests: their bytes are the messages."""
        self._requests = requests

    async def open(self) -> None:
        """Connect every channel."""
        self._channels = [self._channel() for _ in range(self._count)]
        try:
            async with asyncio.timeout(self._server.timeout):
                await asyncio.gather(*(channel.channel_ready() for channel in self._channels))
        except TimeoutError:
            problem = f"{self._server.address}: no gRPC connection in {self._server.timeout:g} s; check the address"
            raise UnavailableError(problem) from None

    def _channel(self) -> grpc.aio.Channel:
        target, options = self._server.target, list(_OPTIONS)
        if target.secure:
            return grpc.aio.secure_channel(target.address, self._server.tls.credentials(), options)
        return grpc.aio.insecure_channel(target.address, options)

    def room(self) -> int:
        """Return any number: grpcio queues what the server does not allow yet."""
        return UNLIMITED

    def send(self, calls: Sequence[Call]) -> None:
        """Start each call on the next channel."""
        for call in calls:
            self._sent += 1
            task = asyncio.get_running_loop().create_task(self._run(call, self._channels[self._sent % self._count]))
            self._tasks[task] = call
            task.add_done_callback(self._tasks.pop)

    async def _run(self, call: Call, channel: grpc.aio.Channel) -> None:
        request = self._requests[call[1]]
        left = call[0] + self._server.timeout - time.perf_counter()
        try:
            method: Any = channel.unary_unary(request.path)
            await method(request.body, timeout=max(left, 0.001), metadata=self._server.authorization)
        except grpc.aio.AioRpcError as error:
            self.failed(call, error.code().name, error.details() or "", time.perf_counter())
        except asyncio.CancelledError:
            self.failed(call, DEADLINE, LATE, time.perf_counter())
        else:
            self.answered((call,), time.perf_counter())

    def expire(self, before: float) -> None:
        """Cancel late calls, which grpcio should have ended."""
        for task, call in self._tasks.items():
            if call[0] <= before:
                task.cancel()

    async def close(self) -> None:
        """Close the channels."""
        await asyncio.gather(*(channel.close() for channel in self._channels))
