"""The service for people and monitors that watch a system; no method changes anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc.aio

from pretzel.control_plane.catalog.failures import MOST_FAILURES
from pretzel.control_plane.catalog.sharing import SharedObject, Sharing
from pretzel.control_plane.serve.live import Worker
from pretzel.control_plane.serve.plane import Plane
from pretzel.errors import PretzelError
from pretzel.plan import wire
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan
from pretzel.serving.identity.caller import visible
from pretzel.v1 import overview_pb2 as pb
from pretzel.v1 import overview_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]
_MOST_OBJECTS, _MOST_RELATED, _MOST_WORKERS = 200, 1000, 1000
_FAILURES = 50
"""Failures in a response that does not ask for a number."""
_EXAMPLES = 5
"""Names of models with each shared object."""
_PAUSE = 20
"""Least time between two measurements of all models, in times of the last one."""


class OverviewService(overview_pb2_grpc.OverviewServiceServicer):
    """`pretzel.v1.OverviewService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._plane, self._overview = plane, plane.deployer.overview
        self._measured: pb.MeasureSharingResponse | None = None
        self._until = 0.0
        self._measuring = asyncio.Lock()

    async def MeasureSharing(self, request: pb.MeasureSharingRequest, context: Context) -> pb.MeasureSharingResponse:
        async with self._measuring:
            measured = self._measured
            if measured is None or (
                time.monotonic() >= self._until and measured.revision != (await self._current())[1]
            ):
                measured = await self._plane.heavy.run(self._measure)
        response = pb.MeasureSharingResponse()
        response.CopyFrom(measured)
        del response.objects[min(request.most_objects, _MOST_OBJECTS) :]
        return response

    async def ListRelatedModels(
        self, request: pb.ListRelatedModelsRequest, context: Context
    ) -> pb.ListRelatedModelsResponse:
        return await self._plane.heavy.run(self._related, request, visible())

    async def ListWorkers(self, request: pb.ListWorkersRequest, context: Context) -> pb.ListWorkersResponse:
        epoch, revision = await self._current()
        alive = sorted(self._plane.live.alive(), key=lambda worker: worker.name)
        listed = map(self._worker, alive[:_MOST_WORKERS])
        return pb.ListWorkersResponse(epoch=epoch, revision=revision, workers=listed, total=len(alive))

    def _worker(self, worker: Worker) -> pb.LiveWorker:
        message, placement = _worker(worker), self._plane.placing.of(worker.name)
        message.placed = len(placement.models) if placement else 0
        return message

    async def _current(self) -> tuple[str, int]:
        return await asyncio.to_thread(self._plane.catalog.current)  # a database may be slow to answer

    async def ListFailedVerifications(
        self, request: pb.ListFailedVerificationsRequest, context: Context
    ) -> pb.ListFailedVerificationsResponse:
        sees, most = visible(), min(request.most or _FAILURES, MOST_FAILURES)
        failures = await asyncio.to_thread(self._overview.failures, request.model)
        return pb.ListFailedVerificationsResponse(
            failures=[
                pb.FailedVerification(model=one.model, at=one.at, estimator=one.estimator, problem=one.problem)
                for one in [one for one in failures if sees(one.model)][:most]
            ]
        )

    def _measure(self) -> pb.MeasureSharingResponse:
        began = time.monotonic()
        revision, sharing = self._overview.measure_sharing(_MOST_OBJECTS)
        measured = self._measured = self._message(revision, sharing)
        self._until = time.monotonic() + _PAUSE * (time.monotonic() - began)
        return measured

    def _message(self, revision: int, sharing: Sharing) -> pb.MeasureSharingResponse:
        plans: dict[Digest, dict[Digest, tuple[str, str]]] = {}
        return pb.MeasureSharingResponse(
            revision=revision,
            models=sharing.models,
            versions=sharing.versions,
            separate_bytes=sharing.separate_bytes,
            distinct_bytes=sharing.separate_bytes - sharing.saved_bytes,
            shared_objects=sharing.shared,
            objects=[self._shared(item, plans) for item in sharing.objects],
        )

    def _shared(self, item: SharedObject, plans: dict[Digest, dict[Digest, tuple[str, str]]]) -> pb.SharedObject:
        if item.plan not in plans:
            plans[item.plan] = self._readers(item.plan)
        operator, parameter = plans[item.plan].get(item.digest, ("", ""))
        return pb.SharedObject(
            digest=wire.digest_to_proto(item.digest),
            models=item.models,
            examples=self._overview.holders(item.digest, _EXAMPLES),
            operator=operator,
            parameter=parameter,
        )

    def _readers(self, digest: Digest) -> dict[Digest, tuple[str, str]]:
        """Return the operator and the name of each parameter of a plan; of a damaged one, nothing."""
        try:
            plan = Plan.from_encoded(self._plane.rebuilder.get(digest))
        except PretzelError:
            return {}
        named = {
            parameter: (stage.operator, name) for stage in plan.stages for name, parameter in stage.parameters.items()
        }
        labels = {output.labels: ("labels", output.name) for output in plan.outputs if output.labels is not None}
        return labels | named

    def _related(
        self, request: pb.ListRelatedModelsRequest, sees: Callable[[str], bool]
    ) -> pb.ListRelatedModelsResponse:
        _, version = self._plane.catalog.resolve(request.model)
        shared = {model: size for model, size in self._overview.related(version).items() if sees(model)}
        most = sorted(shared.items(), key=lambda item: (-item[1], item[0]))[: min(request.most, _MOST_RELATED)]
        return pb.ListRelatedModelsResponse(
            models=[pb.RelatedModel(model=model, shared_bytes=size) for model, size in most], total=len(shared)
        )


def _worker(worker: Worker) -> pb.LiveWorker:
    return pb.LiveWorker(
        name=worker.name,
        address=worker.address,
        metrics=worker.metrics,
        epoch=worker.epoch,
        revision=worker.revision,
        kernel_set=worker.kernel_set,
        resident_bytes=worker.resident_bytes,
        held=len(worker.held),
        problems=worker.problems,
        labels=worker.labels,
    )
