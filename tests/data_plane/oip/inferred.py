"""One model on the ordinary path of the Open Inference Protocol and on its hot path, without a server."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from dataclasses import replace

from google.protobuf.message import DecodeError

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.oip.backend import number_of
from pretzel.data_plane.oip.columns import columns_of
from pretzel.data_plane.oip.fast import FastInfer
from pretzel.data_plane.oip.outputs import Packer, streamed
from pretzel.data_plane.oip.parameters import options_of
from pretzel.data_plane.oip.requests import requested_of, tensors_of
from pretzel.data_plane.oip.shared_memory import Regions
from pretzel.data_plane.oip.signature import signature_of
from pretzel.data_plane.oip.statistics import Statistics
from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.errors import PretzelError
from pretzel.inference import service_pb2 as pb
from pretzel.plan.definition import Definition
from tests.data_plane.transport.served import MODEL, Served

NUMBERED = f"{MODEL}@3"


class Inferred:
    """A model of that name and number, and a router that knows only this."""

    def __init__(self, definition: Definition, inline: float = math.inf) -> None:
        """Run on the event loop what is expected to take at most ``inline`` seconds."""
        self.on_move: list[object] = []
        served = self._served = Served(definition)
        self.executable, route = served.executable, served.route
        self.route = Route(replace(route.version, metadata=definition.metadata), route.entry, route.calls)
        self.signature = signature_of(self.route.version, served.compiled.plan, served.compiled.blobs.__getitem__)
        self.regions, self.statistics, self.tally = Regions(enabled=True), Statistics(), Tally()
        self.hot = self.fresh(inline)

    def fresh(self, inline: float = math.inf, most_bytes: int = 1 << 40) -> FastInfer:
        """Return another hot path over the same model."""
        engine = RequestEngine(Limits(inline, 4, 1 << 40), 1)
        return FastInfer(self, engine, self.statistics, self.tally, most_bytes)

    def find(self, reference: str) -> Route:
        self._served.find(MODEL if reference == NUMBERED else reference)
        return self.route

    def ordinary(self, message: bytes, *, stream: bool = False) -> bytes:
        """Answer on the ordinary path, as a message of a stream or not, or raise."""
        request = pb.ModelInferRequest.FromString(message)
        version = f"@{number_of(request.model_version)}" if request.model_version else ""
        self.find(request.model_name + version)
        options_of(request.parameters)
        requested = requested_of(request.outputs, self.signature, self.regions)
        columns = columns_of(tensors_of(request, self.signature, self.regions), self.signature)
        results = self.executable.run(columns, tuple(requested) or None)
        answer = Packer(self.signature, request.id, requested, 1 << 40, stream)(results)
        return streamed(answer) if stream else answer

    def fast(self, message: bytes, *, stream: bool = False) -> bytes | None:
        """Answer on the hot path, which a thread may take."""
        answer = self.hot.answer_streamed(message) if stream else self.hot.answer(message)
        return answer if answer is None or isinstance(answer, bytes) else asyncio.run(_awaited(answer))

    def refuses(self, message: bytes) -> bool:
        """Return whether the hot path leaves a request to the ordinary one, or a thread raised an error."""
        try:
            return self.fast(message) is None
        except PretzelError:
            return True

    def agree(self, message: bytes) -> bool:
        """Fail unless the hot path answers as the ordinary one, or not at all; return whether it answered."""
        try:
            want = self.ordinary(message)
        except (PretzelError, DecodeError):
            assert self.refuses(message)
            return False
        found, streamed = self.fast(message), self.fast(message, stream=True)
        assert found in (None, want)
        assert streamed == (None if found is None else self.ordinary(message, stream=True))
        return found is not None


async def _awaited(answer: Awaitable[bytes | None]) -> bytes | None:
    return await answer
