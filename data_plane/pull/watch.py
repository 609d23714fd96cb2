"""Follows the catalog of the control plane from the last known revision, across broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import grpc
import structlog

from pretzel.data_plane.catalog import Catalog, encode_model
from pretzel.data_plane.pull.elsewhere import resumable, trimmed
from pretzel.engine import KERNEL_SET
from pretzel.errors import PretzelError
from pretzel.plan.wire import model_from_proto
from pretzel.serving.backoff import delay
from pretzel.v1 import model_pb2
from pretzel.v1 import worker_pb2 as pb
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub

log = structlog.get_logger(__name__)


class Watcher:
    """Maintains :attr:`target`, the newest known catalog."""

    def __init__(
        self, stub: WorkerServiceStub, worker: str, target: Catalog, labels: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._stub, self._worker, self._labels = stub, worker, labels
        self.target = resumable(target, labels)
        self.replaces = ""
        """Epoch that the control plane declares replaced."""
        self.connected = False
        self.breaks = 0
        self.moved = asyncio.Event()
        """Set at each message; clear it before reading :attr:`target`."""
        self._hurry = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        attempt = 0
        while True:
            before = self.target
            try:
                await self._follow()
                log.info("the control plane closed the watch")
            except grpc.aio.AioRpcError as error:
                report = log.debug if attempt else log.warning
                report("the watch broke", code=error.code().name, details=error.details())
            self.connected = False
            self.breaks += 1
            attempt = 0 if self.target is not before else attempt + 1
            await self._pause(delay(attempt))

    async def head(self) -> int:
        """Return the present revision of the control plane.

        Raises:
            grpc.aio.AioRpcError: it cannot be reached.
        """
        self._hurry.set()
        call = self._stub.Watch(self._request())
        try:
            message = await call.read()
            return self.target.revision if message is grpc.aio.EOF else message.revision
        finally:
            call.cancel()

    async def _follow(self) -> None:
        call = self._stub.Watch(self._request())
        try:
            async for message in call:
                self.connected = True
                self.target, self.replaces = apply(self.target, message, self._labels), message.replaces
                self.moved.set()
        finally:
            call.cancel()

    async def _pause(self, seconds: float) -> None:
        """Wait, unless a caller needs the present revision."""
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            pass

    def _request(self) -> pb.WatchRequest:
        return pb.WatchRequest(
            worker=self._worker, epoch=self.target.epoch, revision=self.target.revision, kernel_set=KERNEL_SET
        )


def apply(catalog: Catalog, message: pb.WatchResponse, labels: Mapping[str, str] = MappingProxyType({})) -> Catalog:
    """Return the catalog of a worker with some labels after one message of a watch."""
    models = {model.name: record for model in message.models if (record := _record(model, labels)) is not None}
    return catalog.changed(message.epoch, message.revision, models, message.deleted, whole=message.snapshot)


def _record(message: model_pb2.Model, labels: Mapping[str, str]) -> bytes | None:
    """Return a model's canonical bytes; None if it cannot be read, which must not hold back the others."""
    try:
        return encode_model(trimmed(model_from_proto(message), labels))
    except PretzelError as error:
        log.error("the control plane sent a model that cannot be read", model=message.name, error=str(error))
        return None
