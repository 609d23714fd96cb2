"""The protocol's other paths: health, metadata, configurations, statistics, the repository, and settings."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import pretzel
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.rest.context import FOREVER
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.json_text import dumps, kind_of, loads_object
from pretzel.data_plane.rest.protobuf import as_json
from pretzel.data_plane.rest.statuses import told
from pretzel.errors import UnavailableError
from pretzel.inference import service_pb2 as pb


class Models:
    """Answers by the protocol's service."""

    def __init__(self, service: InferenceService) -> None:
        self._service = service
        self.draining = False
        """The process stops: it is live, and not ready."""

    # Health

    async def live(self, request: Request) -> Response:
        """Answer that the process runs."""
        return Response(200)

    async def ready(self, request: Request) -> Response:
        """Answer whether a catalog is known, and the process does not stop."""
        known = await self._service.ServerReady(pb.ServerReadyRequest(), FOREVER)
        if known.ready and not self.draining:
            return Response(200)
        return told(503, "not ready: this worker starts or stops")

    async def ping(self, request: Request) -> Response:
        """Answer as MLflow and SageMaker expect, with a line."""
        response = await self.ready(request)
        return Response(200, b"\n") if response.status == 200 else response

    async def version(self, request: Request) -> Response:
        """Answer with the version of this server."""
        return Response(200, pretzel.__version__.encode(), "text/plain")

    async def model_ready(self, request: Request, name: str, version: str = "") -> Response:
        """Answer whether a version can answer: 404 if it does not exist, 503 if it cannot now."""
        known = await self._service.ModelReady(pb.ModelReadyRequest(name=name, version=version), FOREVER)
        if known.ready:
            return Response(200)
        await self._service.ModelMetadata(pb.ModelMetadataRequest(name=name, version=version), FOREVER)
        raise UnavailableError(f"model {quoted(name)} is not at ready state")

    # Metadata

    async def server(self, request: Request) -> Response:
        """Describe the server."""
        return _response(await self._service.ServerMetadata(pb.ServerMetadataRequest(), FOREVER))

    async def metadata(self, request: Request, name: str, version: str = "") -> Response:
        """Describe the tensors of a version."""
        return _response(
            await self._service.ModelMetadata(pb.ModelMetadataRequest(name=name, version=version), FOREVER)
        )

    async def config(self, request: Request, name: str, version: str = "") -> Response:
        """Return the configuration of a version."""
        found = await self._service.ModelConfig(pb.ModelConfigRequest(name=name, version=version), FOREVER)
        return Response(200, dumps(as_json(found.config)))

    async def stats(self, request: Request, name: str = "", version: str = "") -> Response:
        """Return the statistics of a version, of all versions of a model, or of all models."""
        return _response(
            await self._service.ModelStatistics(pb.ModelStatisticsRequest(name=name, version=version), FOREVER)
        )

    # Repository

    async def index(self, request: Request) -> Response:
        """List all versions of all models."""
        body = _object(request)
        message = pb.RepositoryIndexRequest(
            repository_name=_text(body, "repository_name"), ready=_boolean(body, "ready")
        )
        found = await self._service.RepositoryIndex(message, FOREVER)
        return Response(200, dumps([_present(as_json(model)) for model in found.models]))

    async def load(self, request: Request, name: str) -> Response:
        """Bring a model into memory."""
        message = pb.RepositoryModelLoadRequest(model_name=name)
        _load_parameters(message.parameters, _parameters(request))
        await self._service.RepositoryModelLoad(message, FOREVER)
        return Response(200, b"{}")

    async def unload(self, request: Request, name: str) -> Response:
        """Release the memory of a model."""
        message = pb.RepositoryModelUnloadRequest(model_name=name)
        _load_parameters(message.parameters, _parameters(request))
        await self._service.RepositoryModelUnload(message, FOREVER)
        return Response(200, b"{}")

    # Shared memory

    async def regions(self, request: Request, name: str = "") -> Response:
        """List the registered regions."""
        found = await self._service.SystemSharedMemoryStatus(pb.SystemSharedMemoryStatusRequest(name=name), FOREVER)
        return Response(200, dumps([as_json(region) for region in found.regions.values()]))

    async def register(self, request: Request, name: str) -> Response:
        """Register a region."""
        body = _object(request)
        message = pb.SystemSharedMemoryRegisterRequest(
            name=name, key=_text(body, "key"), offset=_size(body, "offset"), byte_size=_size(body, "byte_size")
        )
        await self._service.SystemSharedMemoryRegister(message, FOREVER)
        return Response(200, b"{}")

    async def unregister(self, request: Request, name: str = "") -> Response:
        """Forget a region, or all."""
        await self._service.SystemSharedMemoryUnregister(pb.SystemSharedMemoryUnregisterRequest(name=name), FOREVER)
        return Response(200, b"{}")


def _response(message: Any) -> Response:
    return Response(200, dumps(as_json(message)))


def _present(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without the fields that say nothing, as Triton lists them."""
    return {name: value for name, value in entry.items() if value or name == "name"}


def _object(request: Request) -> dict[str, Any]:
    return loads_object(request.body, "parameters") if request.body.strip() else {}


def _parameters(request: Request) -> Mapping[str, Any]:
    parameters = _object(request).get("parameters") or {}
    if not isinstance(parameters, dict):
        raise wrong("parameters", f"parameters: expected an object, got {kind_of(parameters)}")
    return parameters


def _load_parameters(target: Any, parameters: Mapping[str, Any]) -> None:
    for name, value in parameters.items():
        if isinstance(value, bool):
            target[name].bool_param = value
        elif isinstance(value, int) and -(2**63) <= value < 2**63:
            target[name].int64_param = value
        elif isinstance(value, str) and name.startswith("file:"):
            target[name].bytes_param = _file(name, value)
        elif isinstance(value, str):
            target[name].string_param = value
        else:
            problem = f"parameter {quoted(name)}: expected a boolean, an integer or a string, got {kind_of(value)}"
            raise wrong(name, problem)


def _file(name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise wrong(name, f"parameter {quoted(name)}: expected the file in base64") from None


def _text(body: Mapping[str, Any], field: str) -> str:
    value = body.get(field, "")
    if not isinstance(value, str):
        raise wrong(field, f"{field}: expected a string, got {kind_of(value)}")
    return value


def _boolean(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise wrong(field, f"{field}: expected a boolean, got {kind_of(value)}")
    return value


def _size(body: Mapping[str, Any], field: str) -> int:
    value = body.get(field, 0)
    if type(value) is not int or not 0 <= value < 2**63:
        raise wrong(field, f"{field}: expected a non-negative integer, got {str(value)[:40]}")
    return value
