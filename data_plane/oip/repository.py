"""The extension ``model_repository``.  Models come from the control plane, so that no call here adds or removes one.

To load is to bring a version into memory, and to prefer it there; to unload is to release that memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from pretzel.data_plane.catalog import decode_model, elsewhere
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.errors import PreconditionError, UnavailableError, UnsupportedError
from pretzel.inference import service_pb2 as pb
from pretzel.plan.model import Model
from pretzel.serving.identity.caller import visible

READY, UNAVAILABLE = "READY", "UNAVAILABLE"
_BREATH = 100
"""Models that are listed before the event loop runs other work."""


async def index(backend: Backend, request: pb.RepositoryIndexRequest) -> pb.RepositoryIndexResponse:
    """List all versions of all models with their states."""
    _reject_repository(request.repository_name)
    response = pb.RepositoryIndexResponse()
    records, sees = backend.router.catalog.records, visible()
    for i, name in enumerate(sorted(filter(sees, records))):
        entries = _entries(backend, decode_model(records[name]))
        response.models.extend(entry for entry in entries if entry.state == READY or not request.ready)
        if i % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    if not request.ready:  # the held version of a model is not in the catalog of this process
        for name, reason in ((name, why) for name, why in backend.router.held.items() if sees(name)):
            response.models.add(name=name, state=UNAVAILABLE, reason=reason)
    return response


async def load(backend: Backend, request: pb.RepositoryModelLoadRequest) -> pb.RepositoryModelLoadResponse:
    """Bring a version into memory; until it is unloaded, it leaves memory after all models that were not loaded."""
    _reject_repository(request.repository_name)
    _check_parameters(request.parameters, {"config": "string_param"})
    if request.parameters:
        raise PreconditionError(
            f"failed to load {quoted(request.model_name)}: the control plane holds models and configurations; "
            "deploy it there"
        )
    route = await backend.route(request.model_name, "")
    await backend.plans.load(route.entry)
    backend.plans.keep(route.entry)
    return pb.RepositoryModelLoadResponse()


async def unload(backend: Backend, request: pb.RepositoryModelUnloadRequest) -> pb.RepositoryModelUnloadResponse:
    """Release the memory of all versions of a model, or of the one under an alias."""
    _reject_repository(request.repository_name)
    _check_parameters(request.parameters, {"unload_dependents": "bool_param"})
    route = await backend.route(request.model_name, "")
    model = backend.router.catalog.get(request.model_name)
    digests = [version.plan for version in model.versions] if model else [route.version.plan]
    if any(map(backend.plans.is_pinned, digests)):
        raise PreconditionError(
            f"failed to unload {quoted(request.model_name)}: the setting `pin` of this worker keeps it in memory, "
            "or a hint of the model"
        )
    backend.plans.let_go(digests)
    return pb.RepositoryModelUnloadResponse()


def _entries(backend: Backend, model: Model) -> Iterator[pb.RepositoryIndexResponse.ModelIndex]:
    if reason := elsewhere(model):
        yield pb.RepositoryIndexResponse.ModelIndex(name=model.name, state=UNAVAILABLE, reason=reason)
    for version in model.versions:
        reason = _refusal(backend, version.plan)
        state = UNAVAILABLE if reason else READY
        yield pb.RepositoryIndexResponse.ModelIndex(
            name=model.name, version=str(version.version), state=state, reason=reason
        )


def _refusal(backend: Backend, plan: Any) -> str:
    try:
        backend.plans.reject_barred(plan)
    except UnavailableError as error:
        return str(error)
    return ""


def _reject_repository(name: str) -> None:
    if name:
        raise UnsupportedError("'repository_name' specification is not supported")


def _check_parameters(parameters: Mapping[str, Any], known: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        kind = "bytes_param" if name.startswith("file:") and "config" in known else known.get(name)
        if kind is None:
            raise wrong(name, f"unrecognized load parameter {quoted(name)}: expected {', '.join(known)}")
        if value.WhichOneof("parameter_choice") != kind:
            raise wrong(name, f"parameter {quoted(name)}: expected {kind}")
