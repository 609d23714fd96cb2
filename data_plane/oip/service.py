"""The service of the protocol: each method calls its topic."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pretzel.data_plane.oip import metadata, repository, settings
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.fast import FastInfer
from pretzel.data_plane.oip.infer import Inference
from pretzel.data_plane.oip.outputs import streamed
from pretzel.data_plane.oip.shared_memory import Regions
from pretzel.data_plane.telemetry.recording import failed
from pretzel.data_plane.transport.context import ServicerContext, deadline_of
from pretzel.data_plane.transport.metering import charge_message
from pretzel.data_plane.transport.streams import Streams
from pretzel.errors import NoCatalogError, NotFoundError, UnauthenticatedError, UnavailableError, UnsupportedError
from pretzel.inference import service_pb2 as pb
from pretzel.plan.model import ModelVersion
from pretzel.plan.wire import read_or_raise
from pretzel.serving.errors import status_of
from pretzel.serving.identity.caller import ACCESS, visible

_STATUS_ON_ERROR = ("triton_grpc_error", "true")
"""Metadata with which a client asks for statuses of streams instead of messages."""
_read = read_or_raise(pb.ModelInferRequest.FromString)


class InferenceService:
    """Serves the Open Inference Protocol."""

    def __init__(self, backend: Backend, streams: Streams) -> None:
        """Answer from these parts; ``streams`` are the open streams of this process, which a drain ends."""
        self.backend, self._streams = backend, streams
        self.regions = Regions(enabled=backend.settings.shares_memory)
        self._inference = Inference(backend, self.regions)
        most = backend.settings.max_message_bytes
        self.fast = FastInfer(backend.router, backend.engine, backend.statistics, backend.tally, most, backend.results)
        """Answers the usual requests in a fraction of the time."""

    async def ServerLive(self, request: pb.ServerLiveRequest, context: ServicerContext) -> pb.ServerLiveResponse:
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(self, request: pb.ServerReadyRequest, context: ServicerContext) -> pb.ServerReadyResponse:
        return pb.ServerReadyResponse(ready=self.backend.router.catalog.known and not self._streams.draining)

    async def ModelReady(self, request: pb.ModelReadyRequest, context: ServicerContext) -> pb.ModelReadyResponse:
        try:
            route = await self.backend.route(request.name, request.version)
            self.backend.plans.reject_barred(route.entry.digest)
        except (NotFoundError, UnavailableError):
            return pb.ModelReadyResponse(ready=False)
        return pb.ModelReadyResponse(ready=True)

    async def ServerMetadata(
        self, request: pb.ServerMetadataRequest, context: ServicerContext
    ) -> pb.ServerMetadataResponse:
        return metadata.server_metadata(shared_memory=self.backend.settings.shares_memory)

    async def ModelMetadata(
        self, request: pb.ModelMetadataRequest, context: ServicerContext
    ) -> pb.ModelMetadataResponse:
        return await metadata.model_metadata(self.backend, request)

    async def ModelConfig(self, request: pb.ModelConfigRequest, context: ServicerContext) -> pb.ModelConfigResponse:
        return await metadata.model_config(self.backend, request)

    async def ModelInfer(self, request: pb.ModelInferRequest, context: ServicerContext) -> bytes:
        return await self._inference.infer(request, deadline_of(context))

    async def ModelStreamInfer(self, requests: AsyncIterator[pb.ModelInferRequest], context: ServicerContext) -> None:
        async def answer(request: pb.ModelInferRequest) -> bytes:
            return await self._answer(request, context)

        await self._streams.serve(context, answer)

    async def answer_streamed(self, message: bytes, context: ServicerContext) -> bytes:
        """Answer one message of a stream.

        Raises:
            InputError: it is not a request.
            NoCatalogError: every request of the stream would fail alike.
            Exception: the request failed, and the client asked for a status.
        """
        try:
            return await self._answer(_read(message), context)
        except Exception as error:
            self.backend.tally.error("ModelStreamInfer", "", getattr(error, "code", "INTERNAL"))
            raise

    async def ModelStatistics(
        self, request: pb.ModelStatisticsRequest, context: ServicerContext
    ) -> pb.ModelStatisticsResponse:
        statistics = self.backend.statistics
        sees = visible()
        found = statistics.read(await self._versions(request)) if request.name else list(statistics)
        served = [one for one in found if sees(one.version.model)]
        return pb.ModelStatisticsResponse(model_stats=[one.message(self._memory(one.version)) for one in served])

    async def RepositoryIndex(
        self, request: pb.RepositoryIndexRequest, context: ServicerContext
    ) -> pb.RepositoryIndexResponse:
        return await repository.index(self.backend, request)

    async def RepositoryModelLoad(
        self, request: pb.RepositoryModelLoadRequest, context: ServicerContext
    ) -> pb.RepositoryModelLoadResponse:
        return await repository.load(self.backend, request)

    async def RepositoryModelUnload(
        self, request: pb.RepositoryModelUnloadRequest, context: ServicerContext
    ) -> pb.RepositoryModelUnloadResponse:
        return await repository.unload(self.backend, request)

    async def SystemSharedMemoryStatus(
        self, request: pb.SystemSharedMemoryStatusRequest, context: ServicerContext
    ) -> pb.SystemSharedMemoryStatusResponse:
        response = pb.SystemSharedMemoryStatusResponse()
        for region in [self.regions.of(request.name)] if request.name else self.regions:
            status = response.regions[region.name]
            status.name, status.key, status.offset, status.byte_size = (
                region.name,
                region.key,
                region.offset,
                region.size,
            )
        return response

    async def SystemSharedMemoryRegister(
        self, request: pb.SystemSharedMemoryRegisterRequest, context: ServicerContext
    ) -> pb.SystemSharedMemoryRegisterResponse:
        self.regions.register(request.name, request.key, request.offset, request.byte_size)
        return pb.SystemSharedMemoryRegisterResponse()

    async def SystemSharedMemoryUnregister(
        self, request: pb.SystemSharedMemoryUnregisterRequest, context: ServicerContext
    ) -> pb.SystemSharedMemoryUnregisterResponse:
        self.regions.unregister(request.name)
        return pb.SystemSharedMemoryUnregisterResponse()

    async def CudaSharedMemoryStatus(
        self, request: pb.CudaSharedMemoryStatusRequest, context: ServicerContext
    ) -> pb.CudaSharedMemoryStatusResponse:
        return pb.CudaSharedMemoryStatusResponse()

    async def CudaSharedMemoryRegister(
        self, request: pb.CudaSharedMemoryRegisterRequest, context: ServicerContext
    ) -> pb.CudaSharedMemoryRegisterResponse:
        raise UnsupportedError("CUDA shared memory is not supported: models run on the processor")

    async def CudaSharedMemoryUnregister(
        self, request: pb.CudaSharedMemoryUnregisterRequest, context: ServicerContext
    ) -> pb.CudaSharedMemoryUnregisterResponse:
        if request.name:
            raise UnsupportedError("CUDA shared memory is not supported: models run on the processor")
        return pb.CudaSharedMemoryUnregisterResponse()  # all regions, of which there are none: clients clean up with it

    async def TraceSetting(self, request: pb.TraceSettingRequest, context: ServicerContext) -> pb.TraceSettingResponse:
        if request.model_name:
            await self.backend.route(request.model_name, "")
        return settings.trace(request)

    async def LogSettings(self, request: pb.LogSettingsRequest, context: ServicerContext) -> pb.LogSettingsResponse:
        return settings.log(request)

    async def _answer(self, request: pb.ModelInferRequest, context: ServicerContext) -> bytes:
        try:
            charge_message()
            return streamed(await self._inference.infer(request, deadline_of(context), final=True))
        except (NoCatalogError, UnauthenticatedError):  # every request would fail alike, so the stream ends
            raise
        except Exception as error:
            if _STATUS_ON_ERROR in ((key, value) for key, value in context.invocation_metadata() or ()):
                raise
            return self._failure(request, error)

    def _failure(self, request: pb.ModelInferRequest, error: Exception) -> bytes:
        status = status_of(error)
        self.backend.tally.error("ModelStreamInfer", request.model_name, status.code.name)
        failed(status.code.name)
        failure = pb.ModelStreamInferResponse(
            error_message=status.message, infer_response=pb.ModelInferResponse(id=request.id)
        )
        return failure.SerializeToString()

    async def _versions(self, request: pb.ModelStatisticsRequest) -> list[ModelVersion]:
        """Return the requested version, or all versions of a model."""
        if access := ACCESS.get():
            access.require(request.name)
        if not request.version and (model := self.backend.router.catalog.get(request.name)):
            return list(model.versions)
        return [(await self.backend.route(request.name, request.version)).version]

    def _memory(self, version: ModelVersion) -> int:
        """Return the bytes that a version holds now; what it shares with others counts for each."""
        entry = self.backend.plans.resident.get(version.plan)
        return entry.holding.bytes if entry is not None and entry.holding is not None else 0
