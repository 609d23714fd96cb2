"""The service for clients: each method translates a message, calls the domain, and translates the result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import grpc.aio

from pretzel.compiler.explain import WIDTH, Evidence, explain
from pretzel.control_plane.catalog.leases import host_of
from pretzel.control_plane.catalog.quotas import Quota
from pretzel.control_plane.fsck import Check
from pretzel.control_plane.serve import translate
from pretzel.control_plane.serve.listing import list_models
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.serve.upload import Upload
from pretzel.control_plane.serve.uploads import Kept, Patience
from pretzel.control_plane.statistics import known, seconds_of
from pretzel.errors import ExhaustedError, InputError
from pretzel.plan import wire
from pretzel.plan.model import RECOMPILED, ModelVersion, describe
from pretzel.plan.plan import Plan
from pretzel.plan.sizes import Sizes
from pretzel.plan.steps import of_version
from pretzel.serving.identity.caller import visible
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import control_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]
_MOST_DIGESTS = 50_000
_MOST_PREFIX = 200
_MOST_WIDTH = 1000
"""Most columns of a text that explains a model."""
_ANSWER_MARGIN = 0.25  # of the caller's time, reserved so that the answer arrives in time


def _client(context: Context) -> str:
    """Return the peer of a call; empty over a Unix socket, where connections cannot be distinguished."""
    peer = str(context.peer())
    return "" if peer.startswith("unix") else peer


def _check_prefix(what: str, text: str) -> None:
    if len(text) > _MOST_PREFIX:
        raise InputError(f"{what}: {len(text):,} characters; names of models have at most {_MOST_PREFIX}")


class ControlPlaneService(control_pb2_grpc.ControlPlaneServiceServicer):
    """`pretzel.v1.ControlPlaneService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    async def FindMissingObjects(
        self, request: pb.FindMissingObjectsRequest, context: Context
    ) -> pb.FindMissingObjectsResponse:
        quota = self._plane.deployed.quota_of_present()
        return await self._plane.heavy.run(self._find_missing, request, _client(context), quota)

    async def UploadObjects(
        self, requests: AsyncIterator[pb.UploadObjectsRequest], context: Context
    ) -> pb.UploadObjectsResponse:
        plane, client = self._plane, _client(context)
        kept = Kept(plane.catalog, plane.settings.lease_seconds, client, plane.deployed.quota_of_present())
        with plane.uploads.opened(host_of(client)):
            upload = Upload(plane.store, kept, plane.settings.max_object_bytes, plane.writers)
            try:
                async for piece in Patience(plane.settings.upload_idle_seconds).pieces(requests, "data"):
                    digest = wire.digest_from_proto(piece.digest)
                    await plane.receiving.run(upload.take, digest, piece.offset, piece.data)
                await plane.receiving.run(upload.finish)
            finally:
                plane.metrics.uploaded_objects.inc(upload.objects)
                plane.metrics.uploaded_bytes.inc(upload.bytes)
                # grpc.aio may cancel this task once more, before a thread has taken the work.
                await asyncio.shield(plane.receiving.run(upload.close))
        return pb.UploadObjectsResponse(stored_objects=upload.objects, stored_bytes=upload.bytes)

    async def DeployModel(
        self, request: pb.DeployModelRequest, context: Context
    ) -> AsyncIterator[pb.DeployModelResponse]:
        self._plane.deployed.charge_present()
        deployment = await self._plane.heavy.run(translate.deployment, request, _client(context))
        deployment = replace(deployment, quota=self._plane.deployed.quota_of_present())
        async for step in self._plane.deployments.run(deployment, self._patience(context) if request.wait else 0.0):
            if isinstance(step, ModelVersion):
                yield pb.DeployModelResponse(version=wire.model_version_to_proto(step), dropped=step.dropped)
            else:
                yield pb.DeployModelResponse(progress=step)

    async def ListModels(self, request: pb.ListModelsRequest, context: Context) -> pb.ListModelsResponse:
        _check_prefix("prefix", request.prefix)
        _check_prefix("page token", request.page_token)
        workers = [] if request.page_token else self._plane.live.alive()
        return await self._plane.heavy.run(list_models, self._plane.catalog, request, workers, visible())

    async def DescribeVersion(self, request: pb.DescribeVersionRequest, context: Context) -> pb.DescribeVersionResponse:
        return await self._plane.heavy.run(self._describe, request.model)

    async def ExplainModel(self, request: pb.ExplainModelRequest, context: Context) -> pb.ExplainModelResponse:
        return pb.ExplainModelResponse(text=await self._plane.heavy.run(self._explain, request))

    async def SetAlias(self, request: pb.SetAliasRequest, context: Context) -> pb.SetAliasResponse:
        change = partial(
            self._plane.catalog.set_alias,
            request.model,
            request.alias,
            request.version,
            translate.terms(request, request.model),
        )
        return pb.SetAliasResponse(model=wire.model_to_proto(await asyncio.to_thread(change)))

    async def DeleteModel(self, request: pb.DeleteModelRequest, context: Context) -> pb.DeleteModelResponse:
        terms = translate.terms(request, request.model)
        await asyncio.to_thread(self._plane.catalog.delete, request.model, request.force, terms)
        return pb.DeleteModelResponse()

    async def SetLabels(self, request: pb.SetLabelsRequest, context: Context) -> pb.SetLabelsResponse:
        terms = translate.terms(request, request.model)
        change = partial(self._plane.catalog.labels.mark, request.model, translate.marking(request), terms)
        return pb.SetLabelsResponse(model=wire.model_to_proto(await asyncio.to_thread(change)))

    async def DeleteModels(self, request: pb.DeleteModelsRequest, context: Context) -> pb.DeleteModelsResponse:
        _check_prefix("prefix", request.prefix)
        selection = translate.selection(request.selection)
        delete = partial(self._plane.catalog.labels.delete, request.prefix, selection, request.dry_run)
        override = translate.terms_of_prefix(request)
        deleted = await asyncio.to_thread(delete, request.expected, override)
        return pb.DeleteModelsResponse(models=deleted)

    async def CollectGarbage(self, request: pb.CollectGarbageRequest, context: Context) -> pb.CollectGarbageResponse:
        collected = await self._plane.collect(request.dry_run)
        return pb.CollectGarbageResponse(objects=collected.objects, bytes=collected.bytes)

    async def CheckStore(self, request: pb.CheckStoreRequest, context: Context) -> AsyncIterator[pb.CheckStoreResponse]:
        check = Check(self._plane.store, self._plane.catalog, request.repair)
        findings = check.run()
        while (finding := await self._plane.checking.run(next, findings, None)) is not None:
            yield pb.CheckStoreResponse(finding=pb.Finding(**asdict(finding)))
        checked = pb.CheckedStore(objects=check.objects, bytes=check.bytes, findings=check.findings)
        yield pb.CheckStoreResponse(checked=checked)

    def _find_missing(
        self, request: pb.FindMissingObjectsRequest, client: str, quota: Quota
    ) -> pb.FindMissingObjectsResponse:
        if len(request.digests) > _MOST_DIGESTS:
            raise ExhaustedError(f"{len(request.digests)} digests; send at most {_MOST_DIGESTS} per call")
        digests = [wire.digest_from_proto(message) for message in request.digests]
        for digest in digests:
            if digest.size > self._plane.settings.max_object_bytes:
                most = self._plane.settings.max_object_bytes
                raise ExhaustedError(f"object {digest}: at most {most} bytes are accepted (max_object_bytes)")
        self._plane.catalog.check_space(digests, quota)
        missing = self._plane.find_missing(digests, client)
        return pb.FindMissingObjectsResponse(
            missing=map(wire.digest_to_proto, missing), lease_seconds=self._plane.settings.lease_seconds
        )

    def _describe(self, name: str) -> pb.DescribeVersionResponse:
        model, version = self._plane.catalog.resolve(name)
        if states := self._plane.catalog.recompiling.states(version):
            version = replace(version, metadata={**version.metadata, RECOMPILED: states})
        plan = self._plan(version)
        described = describe(version, plan, model.aliases, self._plane.rebuilder.get)
        described = replace(described, labels=model.labels, owner=model.owner, note=model.note)
        described = replace(
            described, traffic=model.traffic, edition=model.edition, hints=model.hints, shadows=model.shadows
        )
        return pb.DescribeVersionResponse(
            description=wire.description_to_proto(described), plan=wire.plan_to_proto(plan)
        )

    def _explain(self, request: pb.ExplainModelRequest) -> str:
        _, version = self._plane.catalog.resolve(request.model)
        definition, plan = self._plane.rebuilder.explained(version), self._plan(version)
        sharing = self._plane.catalog.sharing(plan.objects)
        steps = of_version(version.metadata, len(plan.stages))
        evidence = Evidence(sharing, seconds_of(version, plan), known(version, definition) or Sizes(), steps)
        format, width = request.format or "text", min(request.width or WIDTH, _MOST_WIDTH)
        return explain(definition, plan, format=format, verbose=request.verbose, evidence=evidence, width=width)

    def _plan(self, version: ModelVersion) -> Plan:
        return Plan.from_encoded(self._plane.rebuilder.get(version.plan))

    def _patience(self, context: Context) -> float:
        """Return the seconds to wait for workers: less than the caller waits, so that the answer still reaches it."""
        most = self._plane.settings.wait_seconds
        left = context.time_remaining()
        return most if left is None else max(min(most, left - _ANSWER_MARGIN), 0.01)
