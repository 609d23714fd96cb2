"""A scripted control plane for tests: a real gRPC server for workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import grpc

from pretzel.plan.digest import Digest
from pretzel.plan.model import Model, ModelVersion
from pretzel.plan.wire import digest_from_proto, digest_to_proto, model_to_proto
from pretzel.serving.tls import ServerTls
from pretzel.v1 import worker_pb2 as pb
from pretzel.v1.worker_pb2_grpc import WorkerServiceServicer, add_WorkerServiceServicer_to_server

PIECE = 1 << 16
NOTHING = Digest.of(b"")


def version(model: str, number: int, plan: Digest) -> ModelVersion:
    return ModelVersion(model, number, plan, NOTHING, created=1.5, parameter_bytes=plan.size, metadata={"k": [1, "x"]})


class ScriptedControlPlane(WorkerServiceServicer):
    """Holds models and objects in memory; tests change and damage them."""

    def __init__(self) -> None:
        self.epoch, self.revision, self.replaces = "first", 0, ""
        self.objects: dict[Digest, bytes] = {}
        self.models: dict[str, Model] = {}
        self.log: list[tuple[int, str]] = []  # revision, model
        self.reports: list[pb.ReportRequest] = []
        self.watches: list[pb.WatchRequest] = []
        self.fetches: list[list[Digest]] = []
        self.refuse_fetches: grpc.StatusCode | None = None
        self.locate: Callable[[Digest], str] | None = None
        """Returns the URL of an object, or nothing; without it, this is a control plane that knows no URLs."""
        self.moved = asyncio.Condition()
        self.port = 0

    async def start(self, port: int = 0, *, tls: ServerTls | None = None) -> None:
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        add_WorkerServiceServicer_to_server(self, self.server)
        address, server = f"127.0.0.1:{port}", self.server
        self.port = server.add_secure_port(address, tls.grpc_credentials) if tls else server.add_insecure_port(address)
        await self.server.start()

    async def stop(self) -> None:
        await self.server.stop(None)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def store(self, data: bytes) -> Digest:
        digest = Digest.of(data)
        self.objects[digest] = data
        return digest

    async def deploy(self, name: str, plan: Digest, alias: str = "stable") -> ModelVersion:
        """Add a version and point an alias at it."""
        old = self.models.get(name, Model(name))
        added = version(name, len(old.versions) + 1, plan)
        await self.set(Model(name, (*old.versions, added), {**old.aliases, alias: added.version}))
        return added

    async def set(self, model: Model) -> None:
        self.models[model.name] = model
        await self._move(model.name)

    async def delete(self, name: str) -> None:
        del self.models[name]
        await self._move(name)

    async def _move(self, name: str) -> None:
        async with self.moved:
            self.revision += 1
            self.log.append((self.revision, name))
            self.moved.notify_all()

    async def Watch(self, request: pb.WatchRequest, context) -> AsyncIterator[pb.WatchResponse]:
        self.watches.append(request)
        known = request.epoch == self.epoch and request.revision <= self.revision
        at = request.revision if known else 0
        yield self._changes(at) if known else self._snapshot()
        while True:
            at = self.revision
            async with self.moved:
                await self.moved.wait_for(lambda at=at: self.revision > at)
            yield self._changes(at)

    def _snapshot(self) -> pb.WatchResponse:
        models = map(model_to_proto, self.models.values())
        head = {"epoch": self.epoch, "revision": self.revision, "replaces": self.replaces}
        return pb.WatchResponse(**head, snapshot=True, models=models)

    def _changes(self, at: int) -> pb.WatchResponse:
        names = dict.fromkeys(name for revision, name in self.log if revision > at)
        models = [model_to_proto(self.models[name]) for name in names if name in self.models]
        deleted = [name for name in names if name not in self.models]
        head = {"epoch": self.epoch, "revision": self.revision, "replaces": self.replaces}
        return pb.WatchResponse(**head, models=models, deleted=deleted)

    async def FetchObjects(self, request: pb.FetchObjectsRequest, context) -> AsyncIterator[pb.FetchObjectsResponse]:
        wanted = [digest_from_proto(digest) for digest in request.digests]
        self.fetches.append(wanted)
        if self.refuse_fetches:
            await context.abort(self.refuse_fetches, "scripted")
        for digest in wanted:
            if digest not in self.objects:
                await context.abort(grpc.StatusCode.NOT_FOUND, f"object {digest}: not in the store")
            data = self.objects[digest]
            for at in range(0, max(len(data), 1), PIECE):
                piece = data[at : at + PIECE]
                yield pb.FetchObjectsResponse(digest=digest_to_proto(digest), offset=at, data=piece)

    async def LocateObjects(self, request: pb.LocateObjectsRequest, context) -> pb.LocateObjectsResponse:
        if self.locate is None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        answer = pb.LocateObjectsResponse()
        for message in request.digests:
            if url := self.locate(digest_from_proto(message)):
                answer.locations.add(digest=message, url=url)
        return answer

    async def Report(self, request: pb.ReportRequest, context) -> pb.ReportResponse:
        self.reports.append(request)
        return pb.ReportResponse(interval_seconds=0.2)
