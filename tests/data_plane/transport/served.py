"""One model on the ordinary path and on the hot path, without a server."""

from __future__ import annotations

import asyncio
import math

from google.protobuf.message import DecodeError

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.data_plane.cache.proof import Proof
from pretzel.data_plane.measure.counters import Calls
from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.serve.packing import Packer
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.errors import NotFoundError, PretzelError
from pretzel.plan.definition import Definition
from pretzel.plan.wire import columns_from_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.control import version

MODEL = "m"


class Served:
    """A model of that name, and a router that knows only this."""

    def __init__(self, definition: Definition, inline: float = math.inf) -> None:
        """Run on the event loop what is expected to take at most ``inline`` seconds."""
        self.on_move: list[object] = []
        compiled = self.compiled = compile_plan(definition)
        entry = Entry(compiled.plan.digest)
        entry.executable = self.executable = engine.load(compiled.plan, compiled.blobs.__getitem__)
        entry.proof = Proof((), lambda: 0.0, lambda _: False)  # it reads no files
        self.route = Route(version(MODEL, 3, compiled.plan.digest), entry, Calls())
        self.hot = FastPredict(self, RequestEngine(Limits(inline, 4, 1 << 40), 1))

    def find(self, reference: str) -> Route:
        if reference != MODEL:
            raise NotFoundError(reference[:100])
        return self.route

    def ordinary(self, message: bytes) -> pb.PredictResponse:
        """Answer on the ordinary path, or raise."""
        return self.response(pb.PredictRequest.FromString(message))

    def response(self, request: pb.PredictRequest) -> pb.PredictResponse:
        route = self.find(request.model)
        columns = columns_from_proto(request.columns)
        results = self.executable.run(columns, tuple(dict.fromkeys(request.outputs)) or None)
        answer = Packer(route, 1 << 40)(results)
        return pb.PredictResponse.FromString(answer) if isinstance(answer, bytes) else answer

    def fast(self, message: bytes) -> bytes | None:
        """Answer on the hot path, which a thread may take."""
        answer = self.hot.answer(message)
        return answer if answer is None or isinstance(answer, bytes) else asyncio.run(answer)

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
        found = self.fast(message)
        if found is None:
            return False
        assert found == want.SerializeToString()
        return True
