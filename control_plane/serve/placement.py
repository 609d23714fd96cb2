"""The service of hints: each method translates messages and calls the catalog."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc.aio

from pretzel.control_plane.serve import translate
from pretzel.control_plane.serve.live import Worker
from pretzel.control_plane.serve.plane import Plane
from pretzel.errors import InputError
from pretzel.plan import wire
from pretzel.plan.hints import Hinting
from pretzel.v1 import placement_pb2 as pb
from pretzel.v1 import placement_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]
_MOST_NAME = 200


class PlacementService(placement_pb2_grpc.PlacementServiceServicer):
    """`pretzel.v1.PlacementService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    async def SetHints(self, request: pb.SetHintsRequest, context: Context) -> pb.SetHintsResponse:
        given = {name: getattr(request, name) for name in ("pin", "replicas", "workers") if request.HasField(name)}
        terms = translate.terms(request, request.model)
        model = await asyncio.to_thread(self._plane.catalog.hints.change, request.model, Hinting(**given), terms)
        return pb.SetHintsResponse(model=wire.model_to_proto(model))

    async def FindWorkers(self, request: pb.FindWorkersRequest, context: Context) -> pb.FindWorkersResponse:
        if len(request.model) > _MOST_NAME:
            raise InputError(f"model: {len(request.model):,} characters; names have at most {_MOST_NAME}")
        model = await asyncio.to_thread(self._plane.catalog.model, request.model)
        live, keeps = self._plane.live, self._plane.placing.keeps
        serving = [one for one in live.alive() if live.follows(one) and model.hints.admit(one.labels)]
        serving = [one for one in serving if model.name not in one.held]
        serving.sort(key=lambda one: (not keeps(one.name, model.name), one.name))
        return pb.FindWorkersResponse(workers=[_worker(one, keeps(one.name, model.name)) for one in serving])


def _worker(worker: Worker, warm: bool) -> pb.ServingWorker:
    return pb.ServingWorker(name=worker.name, address=worker.address, warm=warm, labels=worker.labels)
