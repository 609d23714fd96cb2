"""The service of traffic and freezes: each method translates messages and calls the catalog."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
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
from pretzel.plan.rollout import Rollout
from pretzel.plan.wire.rollouts import rollout_to_proto, rules_from_proto
from pretzel.plan.wire.shadows import figures_to_proto
from pretzel.serving.identity.caller import ACCESS, visible
from pretzel.v1 import rollout_pb2 as pb
from pretzel.v1 import rollout_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class RolloutService(rollout_pb2_grpc.RolloutServiceServicer):
    """`pretzel.v1.RolloutService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._rolling, self._rollouts, self._note = plane.catalog.rolling, plane.catalog.rollouts, plane.advancer.note
        self._shadows = plane.catalog.shadows

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

    async def StartRollout(self, request: pb.StartRolloutRequest, context: Context) -> pb.StartRolloutResponse:
        wanted = Rollout(
            request.model,
            request.alias or STABLE,
            stable=0,
            version=request.version,
            steps=tuple(request.steps),
            every=request.every,
            rules=rules_from_proto(request.rules),
            by=caller_of(context),
        )
        started = await asyncio.to_thread(self._rollouts.start, wanted, translate.terms(request, request.model))
        self._note(started)
        return pb.StartRolloutResponse(rollout=rollout_to_proto(started))

    async def GetRollout(self, request: pb.GetRolloutRequest, context: Context) -> pb.GetRolloutResponse:
        found = await asyncio.to_thread(self._rollouts.find, request.model, request.alias or STABLE)
        return pb.GetRolloutResponse(rollout=rollout_to_proto(found))

    async def ListRollouts(self, request: pb.ListRolloutsRequest, context: Context) -> pb.ListRolloutsResponse:
        sees = visible()
        found = await asyncio.to_thread(self._rollouts.listed, lasting=request.lasting)
        listed = [rollout_to_proto(replace(one, decisions=())) for one in found if sees(one.model)]
        return pb.ListRolloutsResponse(rollouts=listed)

    async def PauseRollout(self, request: pb.PauseRolloutRequest, context: Context) -> pb.PauseRolloutResponse:
        return pb.PauseRolloutResponse(rollout=await self._change("pause", request, context))

    async def ResumeRollout(self, request: pb.ResumeRolloutRequest, context: Context) -> pb.ResumeRolloutResponse:
        return pb.ResumeRolloutResponse(rollout=await self._change("resume", request, context))

    async def AbortRollout(self, request: pb.AbortRolloutRequest, context: Context) -> pb.AbortRolloutResponse:
        return pb.AbortRolloutResponse(rollout=await self._change("abort", request, context))

    async def PromoteRollout(self, request: pb.PromoteRolloutRequest, context: Context) -> pb.PromoteRolloutResponse:
        return pb.PromoteRolloutResponse(rollout=await self._change("promote", request, context))

    async def _change(self, what: str, request: Any, context: Context) -> pb.Rollout:
        terms, alias = translate.terms(request, request.model), request.alias or STABLE
        changed = await asyncio.to_thread(self._rollouts.change, request.model, alias, what, caller_of(context), terms)
        self._note(changed)
        return rollout_to_proto(changed)


def caller_of(context: Context) -> str:
    """Return the name of the caller, or its address if no identities are configured."""
    access = ACCESS.get()
    if access is not None:
        return access.caller.name
    peer = str(context.peer())
    return "this machine" if peer.startswith("unix") else host_of(peer).partition(":")[2]
