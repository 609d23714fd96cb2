"""The prediction service: messages in, engine call, messages out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import chain

import grpc

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.measure.branches import counted
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.finder import Finder
from pretzel.data_plane.residency.merged_plans import JointCatalog
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.results import ResultCache
from pretzel.data_plane.residency.routes import Route, Router
from pretzel.data_plane.residency.sound import sound
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.serve.blocks import block_field, groups_of
from pretzel.data_plane.serve.errors import call_error
from pretzel.data_plane.serve.many import Call, FanOut, Outcome
from pretzel.data_plane.serve.packing import LARGE, Answer, Packer, result_field, result_of, streamed
from pretzel.data_plane.shadow.copies import shadowed
from pretzel.data_plane.telemetry.recording import count, failed, recorded
from pretzel.data_plane.traffic.fork import picked
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.data_plane.transport.context import ServicerContext, deadline_of
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.data_plane.transport.many import FastMany
from pretzel.data_plane.transport.metering import charge_message, charge_rows
from pretzel.data_plane.transport.parts import Part, length
from pretzel.data_plane.transport.streams import Streams
from pretzel.engine import Executable
from pretzel.errors import ExhaustedError, InputError, NoCatalogError, PretzelError, UnauthenticatedError
from pretzel.kernels.joining import joined
from pretzel.plan.model import ModelVersion, describe
from pretzel.plan.wire import columns_from_proto, description_to_proto, read_or_raise
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceServicer

MAX_MODELS = 10_000
"""Most models in one call."""
BREATH = 100
"""Responses of one call that are packed before the event loop runs other work."""


class PredictionService(PredictionServiceServicer):
    """Serves predictions from the plans of this process."""

    def __init__(
        self,
        router: Router,
        plans: PlanCatalog,
        objects: ObjectReader,
        engine: RequestEngine,
        tally: Tally,
        catch_up: Callable[[], Awaitable[bool]],
        most_bytes: int = 64 << 20,
        results: ResultCache | None = None,
        python: str = "off",
    ) -> None:
        """Answer from these, with at most ``most_bytes`` per response; ``python`` says how Python stages run.

        ``catch_up`` polls the control plane once, for a bounded time, and returns whether this process is up to date.
        """
        self._router, self._plans, self._objects, self._engine = router, plans, objects, engine
        self._tally, self._most_bytes, self._python = tally, most_bytes, python
        self._find = Finder(router, catch_up).find
        self.joint = JointCatalog(plans)
        """Programs of several models, which the hot path uses too."""
        self._fan_out = FanOut(self._find, plans, self.joint, engine)
        self.streams = Streams()
        self.fast = FastPredict(router, engine, most_bytes, tally, results)
        self.fast_many = FastMany(router, plans, self.joint, engine, tally, most_bytes)
        """These two answer the usual messages in a fraction of the time."""

    def is_idle(self) -> bool:
        """Return whether no request waits for an executor thread or runs on one."""
        return not self._engine.queued

    async def Predict(self, request: pb.PredictRequest, context: ServicerContext) -> Answer:
        """Compute the requested outputs over one batch of rows."""
        return await self._predict(request, deadline_of(context))

    async def PredictStream(self, requests: AsyncIterator[pb.PredictStreamRequest], context: ServicerContext) -> None:
        """Predict over one stream; a request that fails returns its error, and the stream continues."""

        async def answer(request: pb.PredictStreamRequest) -> pb.PredictStreamResponse | bytes:
            return await self._answer(request, deadline_of(context))

        await self.streams.serve(context, answer)

    async def answer_streamed(self, message: bytes, context: ServicerContext) -> bytes:
        """Answer one message of a stream.

        Raises:
            InputError: it is not a request.
            NoCatalogError, UnauthenticatedError: every request of the stream would fail alike.
        """
        try:
            answer = await self._answer(_read_streamed(message), deadline_of(context))
        except PretzelError as error:
            self._tally.error("PredictStream", "", error.code)
            raise
        return answer if isinstance(answer, bytes) else answer.SerializeToString()

    async def _answer(self, request: pb.PredictStreamRequest, deadline: float) -> pb.PredictStreamResponse | bytes:
        try:
            charge_message()
            return streamed(request.id, await self._predict(request.request, deadline, waits=True))
        except (NoCatalogError, UnauthenticatedError):  # every request would fail alike, so the stream ends
            raise
        except Exception as error:
            failure = call_error(error)
            name = grpc_name(failure.code)
            self._tally.error("PredictStream", request.request.model, name)
            failed(name)
            return pb.PredictStreamResponse(id=request.id, error=failure)

    async def PredictMany(self, request: pb.PredictManyRequest, context: ServicerContext) -> bytes:
        """Score one batch with many models."""
        if len(request.models) > MAX_MODELS:
            raise InputError(f"models: {len(request.models)} in one call, at most {MAX_MODELS}; send several calls")
        start = time.monotonic()
        charge_rows(request.columns[0].rows * len(request.models) if request.columns else 0)
        call = Call(columns_from_proto(request.columns), tuple(dict.fromkeys(request.outputs)), deadline_of(context))
        results = await self._fan_out.predict(request.models, call)
        answer = await self._results(request.models, results, groups_of(results) if request.matrix else [])
        rows = request.columns[0].rows * len(results) if request.columns else 0
        count(self._tally.calls("PredictMany", "all"), start, rows)
        return answer

    async def DescribeModel(
        self, request: pb.DescribeModelRequest, context: ServicerContext
    ) -> pb.DescribeModelResponse:
        """Describe the inputs and outputs of a model."""
        route = await self._find(request.model)
        model = self._router.catalog.get(route.version.model)
        aliases = model.aliases if model else {}
        described = await self._plans.describe(
            route.entry, lambda plan: describe(self._told(route.version), plan, aliases, self._objects.fetch)
        )
        return pb.DescribeModelResponse(description=description_to_proto(described))

    def _told(self, version: ModelVersion) -> ModelVersion:
        """Return a version; one with Python stages says how this worker runs them."""
        if not version.metadata.get("python_stages"):
            return version
        return replace(version, metadata={**version.metadata, "python": self._python})

    async def _predict(self, request: pb.PredictRequest, deadline: float, *, waits: bool = False) -> Answer:
        start = time.monotonic()
        route = picked(await self._find(request.model), ORIGIN.get())
        entry = route.entry
        entry.used = start
        columns = columns_from_proto(request.columns)
        charge_rows(request.columns[0].rows if columns else 0)
        outputs = tuple(dict.fromkeys(request.outputs)) or None
        pack = Packer(route, self._most_bytes)
        cost = entry.cost_of(outputs)

        def run(executable: Executable) -> Awaitable[Answer]:
            executable = shadowed(recorded(executable, route.version), route.copier)
            return self._engine.run(executable, cost, columns, outputs, deadline, pack, waits=waits)

        with counted(route.figures, start):
            response = await sound(self._plans, entry, run)
        count(route.calls, start, request.columns[0].rows if columns else 0)
        return response

    async def _results(
        self, models: Sequence[str], results: Sequence[tuple[Route | None, Outcome]], groups: Sequence[list[int]]
    ) -> bytes:
        """Pack the results while they fit into a message: a model that is named often makes any size from few rows."""
        parts: list[Part] = []
        size = packed = 0
        inside = {i for group in groups for i in group}
        for fields in chain(
            (result_field(self._result(models[i], *results[i])) for i in range(len(results)) if i not in inside),
            (block_field(group, results) for group in groups),
        ):
            parts += fields
            size += sum(map(length, fields))
            if size > self._most_bytes:
                raise ExhaustedError(f"the responses take more than {self._most_bytes} bytes; request fewer models")
            packed += 1
            if packed % BREATH == 0:
                await asyncio.sleep(0)
        return await asyncio.to_thread(joined, parts) if size > LARGE else joined(parts)

    def _result(self, model: str, route: Route | None, outcome: Outcome) -> bytes:
        if route is not None and not isinstance(outcome, Exception):
            return result_of(Packer(route, self._most_bytes)(outcome))
        assert isinstance(outcome, Exception)
        failure = call_error(outcome)
        self._tally.error("PredictMany", model, grpc_name(failure.code))
        return pb.ModelResult(error=failure).SerializeToString()


_read_streamed = read_or_raise(pb.PredictStreamRequest.FromString)
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


def grpc_name(code: int) -> str:
    """Return the name of a status by its number."""
    return _NAMES[code]
