"""Streams whose client is gone."""

from __future__ import annotations

from typing import Any

import grpc

from pretzel.data_plane.transport.streams import Streams


class Gone:
    """The context of a stream that was cut after its first request."""

    async def read(self) -> str:
        return "request"

    async def write(self, answer: str) -> None:
        raise grpc.aio.InternalError(f"the client is gone: {answer}")


async def test_a_stream_that_was_cut_ends_quietly():
    async def answer(request: Any) -> str:
        return f"answer to {request}"

    await Streams().serve(Gone(), answer)  # type: ignore[arg-type]
