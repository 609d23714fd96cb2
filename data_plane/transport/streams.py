"""Open prediction streams, so that a drain can end those that wait for their next request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from pretzel.data_plane.transport.context import ServicerContext
from pretzel.data_plane.transport.lane import DRAINING
from pretzel.errors import UnavailableError


class Streams:
    """The open streams of this process."""

    def __init__(self) -> None:
        self._idle: set[asyncio.Task[Any]] = set()
        self.draining = False

    async def serve(self, context: ServicerContext, answer: Callable[[Any], Awaitable[Any]]) -> None:
        """Answer the requests of one stream in order, until its client ends it.

        Raises:
            UnavailableError: this worker drains; every request that was read was answered.
        """
        task = asyncio.current_task()
        assert task is not None
        try:
            while not self.draining:
                self._idle.add(task)
                request = await context.read()
                self._idle.discard(task)
                if request is grpc.aio.EOF:
                    return
                answered = await answer(request)
                try:
                    await context.write(answered)
                except grpc.aio.InternalError:
                    return  # its client is gone
        except asyncio.CancelledError:
            if not self.draining or task.cancelling() > 1:
                raise
            task.uncancel()
        finally:
            self._idle.discard(task)
        raise UnavailableError(DRAINING)

    def drain(self) -> None:
        """End idle streams now, and the others after their present request."""
        self.draining = True
        for task in list(self._idle):
            task.cancel()
