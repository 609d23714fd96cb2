"""An open loop of unary calls by the grpcio library over one connection, in the form of :mod:`open_loop`.

The library takes a tenth of a millisecond of its core for each call, so it can overload expensive models only.
"""

from __future__ import annotations

import asyncio
import random
import time

import grpc

from benchmarks.serving.open_loop import Outcome

PATIENCE = 60
"""Seconds that calls of the measurement of the capacity may take."""


class GrpcioLoad:
    """One channel to one method of a server."""

    def __init__(self, port: int, path: str, message: bytes, timeout: float | None = None) -> None:
        """Connect with the first call; ``timeout`` is the deadline of calls in seconds."""
        self._loop = asyncio.new_event_loop()
        self._message, self._timeout = message, timeout
        self._loop.run_until_complete(self._connect(port, path))

    async def _connect(self, port: int, path: str) -> None:
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._call = self._channel.unary_unary(path)

    def capacity(self, seconds: float, calls: int) -> Outcome:
        """Keep so many calls open, each followed by the next."""
        return self._loop.run_until_complete(self._capacity(seconds, calls))

    async def _capacity(self, seconds: float, calls: int) -> Outcome:
        outcome, end = Outcome(seconds), time.monotonic() + seconds

        async def caller() -> None:
            while time.monotonic() < end:
                await self._one(time.monotonic(), outcome, PATIENCE)

        await asyncio.gather(*(caller() for _ in range(calls)))
        return outcome

    def offer(self, rate: float, seconds: float, deadline: float, seed: int = 1) -> Outcome:
        """Let calls arrive at this rate; an answer after the deadline counts as none."""
        return self._loop.run_until_complete(self._offer(rate, seconds, deadline, random.Random(seed)))

    async def _offer(self, rate: float, seconds: float, deadline: float, draw: random.Random) -> Outcome:
        outcome, begun, tasks = Outcome(seconds), time.monotonic(), set[asyncio.Task[None]]()
        at = begun + draw.expovariate(rate)
        while (now := time.monotonic()) < begun + seconds:
            while at <= now:
                task = asyncio.create_task(self._one(at, outcome, deadline))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                at += draw.expovariate(rate)
            await asyncio.sleep(max(0.0, at - time.monotonic()))
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        outcome.expired += len(tasks)
        return outcome

    async def _one(self, arrival: float, outcome: Outcome, deadline: float) -> None:
        outcome.arrived += 1
        try:
            await self._call(self._message, timeout=self._timeout)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            outcome.refused.append(time.monotonic() - arrival)
            return
        taken = time.monotonic() - arrival
        if taken <= deadline:
            outcome.taken.append(taken)
        else:
            outcome.expired += 1

    def close(self) -> None:
        """Close the connection."""
        self._loop.run_until_complete(self._channel.close())
        self._loop.close()
