"""Deployments and what else one asks of a control plane, as operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pretzel.adapters.tables import head
from pretzel.client.golden import SAMPLE_ROWS, Golden, blaming_the_sample, golden_sample
from pretzel.client.operations import ATTEMPTS, Operation, RunBlocking, StreamCall, UnaryCall, backoff
from pretzel.client.repeating import Repeater
from pretzel.errors import (
    CorruptObjectError,
    InputError,
    NotFoundError,
    PretzelError,
    UnavailableError,
    UnsupportedError,
)
from pretzel.plan import wire
from pretzel.plan.caveats import warn_of
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model, ModelDescription, ModelVersion
from pretzel.plan.multioutput import methods_of, outputs_of
from pretzel.plan.parameter import Parameter
from pretzel.plan.texts import sendable
from pretzel.v1 import control_pb2 as pb

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done, and of how much: bytes while uploading, else 0 of 0."""

PIECE_BYTES = (1 << 20) - 1024
DIGESTS_A_CALL = 5000


@dataclass(frozen=True)
class Deployment:
    """What a user asks to be deployed."""

    name: str
    model: Any
    sample: Any = None
    expected: Mapping[str, Any] | None = None
    tolerance: float | tuple[float, float] | None = None
    alias: str = "stable"
    wait: bool = True
    options: Mapping[str, Any] | None = None
    outputs: Sequence[str] | None = None
    sample_rows: int = SAMPLE_ROWS


def silent(step: str, done: int, total: int) -> None:
    """Report no progress."""


def deploy(repeater: Repeater, wanted: Deployment, progress: Progress) -> Operation[ModelVersion]:
    """Export, upload what the server lacks, and submit; return the version."""
    sendable("model name", wanted.name)
    sendable("alias", wanted.alias)
    progress("export", 0, 0)
    definition, request = yield RunBlocking(lambda: _prepare(wanted))
    if wanted.sample is None:  # of which the answers would be compared
        warn_of(definition.metadata)
    parameters = definition.parameters

    def attempt(cut_off: bool) -> Operation[ModelVersion]:
        # An upload is by digest, and an equal plan returns the version that an attempt before may have published.
        return (yield from _submit(request, parameters, progress))

    try:
        return (yield from repeater.repeat(attempt))
    except CorruptObjectError:  # what was damaged in the store is missing from it now, and here it is whole
        return (yield from repeater.repeat(attempt))


def _submit(
    request: pb.DeployModelRequest, parameters: Mapping[Digest, Parameter], progress: Progress
) -> Operation[ModelVersion]:
    yield from _upload(parameters, progress)
    found: list[ModelVersion] = []

    def accept(response: pb.DeployModelResponse) -> None:
        if response.WhichOneof("step") == "version":
            found.append(wire.model_version_from_proto(response.version))
        else:
            progress(response.progress, 0, 0)

    yield StreamCall("DeployModel", request, accept)
    if not found:
        raise PretzelError(f"model {request.model!r}: the control plane ended the deployment without a version")
    return found[0]


def _prepare(wanted: Deployment) -> tuple[Definition, pb.DeployModelRequest]:
    wanted = replace(wanted, model=_opened(wanted.model))
    definition = _definition(wanted.model, wanted.sample, wanted.outputs)
    return definition, _request(wanted, definition)


def _opened(model: Any) -> Any:
    """Return what can answer a sample: of a path, what the file holds; of a booster, what stands for it."""
    if isinstance(model, Definition):
        return model
    from pretzel.importers.files import opened  # loads scikit-learn, which a client that only predicts need not have

    return opened(model)


def _definition(model: Any, sample: Any, outputs: Sequence[str] | None) -> Definition:
    if isinstance(model, Definition):
        return model if outputs is None else _only(model, outputs)
    from pretzel.importers import definition_of  # loads scikit-learn, which a client that only predicts need not have

    try:
        return definition_of(model, sample=sample, outputs=outputs)
    except UnsupportedError:
        raise
    except Exception:
        if sample is not None:
            _try(model, head(sample, SAMPLE_ROWS))  # what the library says of a sample that does not fit is plainer
        raise


def _only(definition: Definition, outputs: Sequence[str]) -> Definition:
    """Return the definition with these methods alone."""
    kept: dict[str, Any] = {}
    for name in outputs:
        found = outputs_of(name, definition.outputs)
        if not found:
            known = ", ".join(methods_of(definition.outputs))
            raise InputError(f"outputs: this definition has no {name!r:.60}; choose among {known}, or export it anew")
        kept |= {part: definition.outputs[part] for part in found}
    return Definition(kept, definition.inputs, definition.metadata)


def _try(estimator: Any, X: Any) -> None:
    method = next((name for name in ("predict", "transform") if hasattr(estimator, name)), None)
    if method is not None:
        with blaming_the_sample(estimator):
            getattr(estimator, method)(X)


def _request(wanted: Deployment, definition: Definition) -> pb.DeployModelRequest:
    request = pb.DeployModelRequest(
        model=wanted.name,
        definition=wire.definition_to_proto(definition),
        alias=wanted.alias,
        wait=wanted.wait,
        options=wire.attributes_to_proto(wanted.options or {}),
    )
    if wanted.sample is not None:
        golden = Golden(wanted.model, wanted.sample, wanted.expected, wanted.sample_rows)
        request.sample.CopyFrom(golden_sample(golden, definition))
    if wanted.tolerance is not None:
        both = wanted.tolerance if isinstance(wanted.tolerance, tuple) else (wanted.tolerance, 0.0)
        request.tolerance.CopyFrom(pb.Tolerance(relative=both[0], absolute=both[1]))
    return request


# Uploads


def _upload(parameters: Mapping[Digest, Parameter], progress: Progress) -> Operation[None]:
    """Send the objects that the server does not hold; a break asks anew what is missing, and goes on from there."""
    for attempt in range(ATTEMPTS):
        missing = yield from _missing(list(parameters), progress)
        if not missing:
            return
        try:
            yield UnaryCall("UploadObjects", _pieces([parameters[digest] for digest in missing], progress))
            return
        except UnavailableError:
            if attempt == ATTEMPTS - 1:
                raise
            yield backoff(attempt)


def _missing(digests: list[Digest], progress: Progress) -> Operation[list[Digest]]:
    progress("check", 0, 0)
    missing: list[Digest] = []
    for start in range(0, len(digests), DIGESTS_A_CALL):
        asked = digests[start : start + DIGESTS_A_CALL]
        request = pb.FindMissingObjectsRequest(digests=[wire.digest_to_proto(digest) for digest in asked])
        response = yield UnaryCall("FindMissingObjects", request)
        lacking = {wire.digest_from_proto(digest) for digest in response.missing}
        missing += [digest for digest in asked if digest in lacking]
    return missing


def _pieces(parameters: list[Parameter], progress: Progress) -> Iterator[pb.UploadObjectsRequest]:
    """The objects in messages under 1 MiB, made as they are sent, so that a slow server slows the reading."""
    done, total = 0, sum(parameter.nbytes for parameter in parameters)
    for parameter in parameters:
        blob = memoryview(parameter.blob).cast("B")
        for offset in range(0, len(blob), PIECE_BYTES):
            data = bytes(blob[offset : offset + PIECE_BYTES])
            yield pb.UploadObjectsRequest(digest=wire.digest_to_proto(parameter.digest), offset=offset, data=data)
            done += len(data)
            progress("upload", done, total)


# The catalog


def models(repeater: Repeater, prefix: str) -> Operation[list[Model]]:
    """List the models whose names begin with ``prefix``."""
    request = pb.ListModelsRequest(prefix=sendable("prefix", prefix))
    response = yield from repeater.ask(lambda: UnaryCall("ListModels", request))
    return [wire.model_from_proto(model) for model in response.models]


def describe(repeater: Repeater, model: str) -> Operation[ModelDescription]:
    """Describe one version."""
    request = pb.DescribeVersionRequest(model=sendable("model name", model))
    response = yield from repeater.ask(lambda: UnaryCall("DescribeVersion", request))
    return wire.description_from_proto(response.description)


def explain(repeater: Repeater, model: str, format: str, verbose: bool) -> Operation[str]:
    """Explain what the optimizer made of one version."""
    sendable("model name", model)
    sendable("format", format)
    request = pb.ExplainModelRequest(model=model, format=format, verbose=verbose)
    response = yield from repeater.ask(lambda: UnaryCall("ExplainModel", request))
    return str(response.text)


def set_alias(repeater: Repeater, model: str, alias: str, version: int | None) -> Operation[Model]:
    """Point an alias at a version; None removes it.

    Raises:
        InputError: the version is 0, which would remove it too, or less.
    """
    if version is not None and version < 1:
        raise InputError(f"alias {alias!r}: expected a version from 1, or None to remove it; got {version}")
    sendable("model name", model)
    sendable("alias", alias)
    request = pb.SetAliasRequest(model=model, alias=alias, version=version or 0)

    def attempt(cut_off: bool) -> Operation[Model]:
        try:
            response = yield UnaryCall("SetAlias", request)
        except NotFoundError:
            # A removal that was cut off may have been done, and the alias is gone then.
            found = (yield from _model(model)) if cut_off and not version else None
            if found is None or alias in found.aliases:
                raise
            return found
        return wire.model_from_proto(response.model)

    return (yield from repeater.repeat(attempt))


def _model(name: str) -> Operation[Model | None]:
    response = yield UnaryCall("ListModels", pb.ListModelsRequest(prefix=name))
    return next((wire.model_from_proto(model) for model in response.models if model.name == name), None)


def delete(repeater: Repeater, model: str, force: bool) -> Operation[None]:
    """Delete a model or one version of it."""
    request = pb.DeleteModelRequest(model=sendable("model name", model), force=force)

    def attempt(cut_off: bool) -> Operation[None]:
        try:
            yield UnaryCall("DeleteModel", request)
        except NotFoundError:
            if not cut_off:  # else that attempt has deleted it
                raise

    yield from repeater.repeat(attempt)
