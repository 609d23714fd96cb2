"""The service for workers: the catalog as a stream, objects in pieces, and reports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio

from pretzel.control_plane.serve import translate
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.serve.upload import PIECE
from pretzel.plan import wire
from pretzel.v1 import worker_pb2 as pb
from pretzel.v1 import worker_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class WorkerService(worker_pb2_grpc.WorkerServiceServicer):
    """`pretzel.v1.WorkerService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    async def Watch(self, request: pb.WatchRequest, context: Context) -> AsyncIterator[pb.WatchResponse]:
        plane = self._plane
        with plane.upgrades.watching(request.kernel_set) as kernel_set:
            await plane.upgrades.prepared(kernel_set)
            with plane.live.watching(request.worker):
                async for changes in plane.feed.watch(request.epoch, request.revision, kernel_set):
                    yield await asyncio.to_thread(translate.changes, changes, plane.identity.replaces)

    async def FetchObjects(
        self, request: pb.FetchObjectsRequest, context: Context
    ) -> AsyncIterator[pb.FetchObjectsResponse]:
        for message in request.digests:
            data = await asyncio.to_thread(self._plane.rebuilder.get, wire.digest_from_proto(message))
            for offset in range(0, len(data) or 1, PIECE):
                piece = bytes(data[offset : offset + PIECE])
                yield pb.FetchObjectsResponse(digest=message, offset=offset, data=piece)
                self._plane.metrics.fetched_bytes.inc(len(piece))

    async def LocateObjects(self, request: pb.LocateObjectsRequest, context: Context) -> pb.LocateObjectsResponse:
        answer = await asyncio.to_thread(self._located, request)
        self._plane.metrics.located_objects.inc(len(answer.locations))
        return answer

    def _located(self, request: pb.LocateObjectsRequest) -> pb.LocateObjectsResponse:
        """Return the URLs of the objects that are large enough to have one."""
        least, seconds = self._plane.settings.direct_bytes, self._plane.settings.direct_seconds
        answer = pb.LocateObjectsResponse()
        for message in request.digests:
            digest = wire.digest_from_proto(message)
            if 0 < least <= digest.size and (url := self._plane.store.locate(digest, seconds)):
                answer.locations.add(digest=message, url=url)
        return answer

    async def Report(self, request: pb.ReportRequest, context: Context) -> pb.ReportResponse:
        self._plane.live.report(translate.worker(request), request.leaving)
        await self._plane.shadows.take(request.shadows)
        response = pb.ReportResponse(interval_seconds=self._plane.settings.report_seconds)
        placed = self._plane.placing.of(request.worker)
        if placed is not None and placed.mark != request.placement:
            message = pb.Placement(mark=placed.mark, warm=placed.warm, pinned=placed.pinned)
            response.placement.CopyFrom(message)
        return response
