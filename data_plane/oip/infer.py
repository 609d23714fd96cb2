"""Inference: tensors in, one run of the engine, tensors out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pretzel.data_plane.measure.branches import counted
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.columns import columns_of
from pretzel.data_plane.oip.faults import of_run
from pretzel.data_plane.oip.outputs import Packer
from pretzel.data_plane.oip.parameters import options_of
from pretzel.data_plane.oip.requests import requested_of, tensors_of
from pretzel.data_plane.oip.shared_memory import Regions
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.oip.statistics import Served
from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.residency.sound import sound
from pretzel.data_plane.scheduling.policy import level_of
from pretzel.data_plane.shadow.copies import shadowed
from pretzel.data_plane.telemetry.recording import count, recorded
from pretzel.data_plane.traffic.fork import picked
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.data_plane.transport.metering import charge_rows
from pretzel.engine import Executable
from pretzel.errors import PretzelError
from pretzel.inference import service_pb2 as pb
from pretzel.plan.wire import Value

LARGE = 1 << 15
"""Elements from which a request is read on a thread: the loop over texts and typed contents would hold the others."""


@dataclass(slots=True)
class _Timed:
    """An executable and a packer that note when they run."""

    executable: Executable
    pack: Packer
    begun: int = 0
    ended: int = 0
    packed: int = 0

    @property
    def hops(self) -> Any:
        """The Python stages between native steps."""
        return getattr(self.executable, "hops", ())

    def need(self, *arguments: Any) -> Any:
        return self.executable.need(*arguments)

    def run(self, *arguments: Any, **options: Any) -> Any:
        self.begun = time.perf_counter_ns()
        try:
            return self.executable.run(*arguments, **options)
        finally:
            self.ended = time.perf_counter_ns()

    def __call__(self, results: Mapping[str, Any]) -> bytes:
        answer = self.pack(results)
        self.packed = time.perf_counter_ns()
        return answer


class Inference:
    """Answers requests for inference."""

    def __init__(self, backend: Backend, regions: Regions) -> None:
        self._backend, self._regions = backend, regions

    async def infer(self, request: pb.ModelInferRequest, deadline: float, *, final: bool = False) -> bytes:
        """Return the response to a request, whose ``deadline`` is a time of ``time.monotonic()``, 0 for none.

        ``final`` marks the response as the last one of its request, which came over a stream.

        Raises:
            InputError: a tensor, an output or a parameter does not fit the model.
            DeadlineError: the deadline passed, or the request's own time-out.
        """
        start, began = time.perf_counter_ns(), time.monotonic()
        route = picked(await self._backend.route(request.model_name, request.model_version), ORIGIN.get())
        served = self._backend.statistics.of(route.version)
        try:
            with counted(route.figures, began):
                answer = await self._answer(request, route, served, start, deadline, final)
        except BaseException:
            served.counted.failed(time.perf_counter_ns() - start)
            raise
        count(self._backend.tally.calls("ModelInfer", route.version.model), began, _rows(request))
        return answer

    async def _answer(
        self, request: Any, route: Route, served: Served, start: int, deadline: float, final: bool
    ) -> bytes:
        options = options_of(request.parameters)
        if options.timeout:
            own = time.monotonic() + options.timeout
            deadline = min(deadline, own) if deadline else own
        signature = await self._backend.signatures.get(route)
        requested = requested_of(request.outputs, signature, self._regions)
        entry = route.entry
        entry.used = time.monotonic()
        loaded = entry.executable or await self._backend.plans.load(entry), entry.proof
        reading = time.perf_counter_ns()
        columns = await self._columns(request, signature)
        charge_rows(_rows(request))
        ready = time.perf_counter_ns()
        packer = Packer(signature, request.id, requested, self._backend.settings.max_message_bytes, final)
        timed = _Timed(loaded[0], packer)

        async def run(executable: Executable) -> bytes:
            timed.executable = shadowed(recorded(executable, route.version), route.copier)
            level = level_of(options.priority)
            return await self._run(timed, route, columns, tuple(requested) or None, deadline, level, waits=final)

        answer = await sound(self._backend.plans, entry, run, loaded)
        parts = timed.begun - ready, ready - reading, timed.ended - timed.begun, timed.packed - timed.ended
        served.counted.succeeded(_rows(request), *parts, time.perf_counter_ns() - start)
        return answer

    async def _run(
        self,
        timed: _Timed,
        route: Route,
        columns: Mapping[str, Value],
        outputs: Sequence[str] | None,
        deadline: float,
        level: int,
        *,
        waits: bool,
    ) -> bytes:
        cost = route.entry.cost_of(outputs)
        executable: Any = timed
        try:
            engine = self._backend.engine
            answer: bytes = await engine.run(executable, cost, columns, outputs, deadline, timed, level, waits=waits)
        except PretzelError as error:
            raise of_run(error, route.version.model) from None
        return answer

    async def _columns(self, request: pb.ModelInferRequest, signature: Signature) -> dict[str, Value]:
        if sum(map(_elements, request.inputs)) > LARGE:
            return await asyncio.to_thread(self._read, request, signature)
        return self._read(request, signature)

    def _read(self, request: pb.ModelInferRequest, signature: Signature) -> dict[str, Value]:
        return columns_of(tensors_of(request, signature, self._regions), signature)


def _elements(message: Any) -> int:
    count = 1
    for size in message.shape:
        count *= max(size, 0)
    return count


def _rows(request: pb.ModelInferRequest) -> int:
    return request.inputs[0].shape[0] if request.inputs and request.inputs[0].shape else 0
