"""The service of traffic and freezes: each method translates messages and calls the catalog."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from functools import partial
from typing import Any

import grpc.aio

from pretzel.control_plane.catalog import STABLE, clock
from pretzel.control_plane.catalog.freezing import Freeze
from pretzel.control_plane.catalog.leases import host_of
from pretzel.control_plane.serve import translate
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.serve.shadows import decoded
from pretzel.plan import wire
from pretzel.plan.wire.shadows import figures_to_proto
from pretzel.serving.identity.caller import ACCESS
from pretzel.v1 import rollout_pb2 as pb
from pretzel.v1 import rollout_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class RolloutService(rollout_pb2_grpc.RolloutServiceServicer):
    """`pretzel.v1.RolloutService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._rolling, self._shadows = plane.catalog.rolling, plane.catalog.shadows

    async def SetTraffic(self, request: pb.SetTrafficRequest, context: Context) -> pb.SetTrafficResponse:
        shares, terms = dict(request.shares), translate.terms(request, request.model)
        model = await asyncio.to_thread(self._rolling.split, request.model, request.alias or STABLE, shares, terms)
        return pb.SetTrafficResponse(model=wire.model_to_proto(model))

    async def SetShadow(self, request: pb.SetShadowRequest, context: Context) -> pb.SetShadowResponse:
        alias, terms = request.alias or STABLE, translate.terms(request, request.model)
        change = partial(self._shadows.set, request.model, alias, request.version, request.slots, terms)
        return pb.SetShadowResponse(model=wire.model_to_proto(await asyncio.to_thread(change)))

    async def DescribeShadow(self, request: pb.DescribeShadowRequest, context: Context) -> pb.DescribeShadowResponse:
        find = partial(self._shadows.figures, request.model, request.alias or STABLE)
        shadow, figures = await asyncio.to_thread(find)
        sums = map(figures_to_proto, await asyncio.to_thread(decoded, figures))
        return pb.DescribeShadowResponse(shadow=wire.shadow_to_proto(shadow), figures=sums)

    async def Freeze(self, request: pb.FreezeRequest, context: Context) -> pb.FreezeResponse:
        freeze = Freeze(request.pattern, caller_of(context), clock.now(), request.until, request.reason)
        await asyncio.to_thread(self._rolling.freeze, freeze)
        return pb.FreezeResponse(freeze=pb.FreezeOrder(**asdict(freeze)))

    async def Unfreeze(self, request: pb.UnfreezeRequest, context: Context) -> pb.UnfreezeResponse:
        await asyncio.to_thread(self._rolling.unfreeze, request.pattern)
        return pb.UnfreezeResponse()

    async def ListFreezes(self, request: pb.ListFreezesRequest, context: Context) -> pb.ListFreezesResponse:
        freezes = await asyncio.to_thread(self._rolling.freezes)
        return pb.ListFreezesResponse(freezes=[pb.FreezeOrder(**asdict(freeze)) for freeze in freezes])


def caller_of(context: Context) -> str:
    """Return the name of the caller, or its address if no identities are configured."""
    access = ACCESS.get()
    if access is not None:
        return access.caller.name
    peer = str(context.peer())
    return "this machine" if peer.startswith("unix") else host_of(peer).partition(":")[2]
