"""Deployments, as operations."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pretzel.adapters.tables import head
from pretzel.client.golden import SAMPLE_ROWS, Golden, blaming_the_sample, golden_sample
from pretzel.client.labelling import sendable_labels
from pretzel.client.operations import ATTEMPTS, Operation, RunBlocking, StreamCall, UnaryCall, backoff
from pretzel.client.repeating import Repeater
from pretzel.client.rolling import terms_to_proto
from pretzel.errors import (
    CorruptObjectError,
    InputError,
    PretzelError,
    UnavailableError,
    UnsupportedError,
)
from pretzel.plan import wire
from pretzel.plan.caveats import warn_of
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.multioutput import with_methods
from pretzel.plan.parameter import Parameter
from pretzel.plan.terms import ANY, Terms
from pretzel.plan.texts import sendable
from pretzel.v1 import control_pb2 as pb

Progress = Callable[[str, int, int], None]
"""Called with a step's name, the amount done and the total: in bytes during the upload, otherwise 0 and 0."""

PIECE_BYTES = (1 << 20) - 1024
DIGESTS_A_CALL = 5000


@dataclass(frozen=True)
class Deployment:
    """The arguments of a deployment."""

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
    python: str | None = None
    metadata: Mapping[str, Any] | None = None
    labels: Mapping[str, str] | None = None
    owner: str = ""
    note: str = ""
    version_labels: Mapping[str, str] | None = None
    terms: Terms = ANY


def silent(step: str, done: int, total: int) -> None:
    """Ignore progress reports."""


def deploy(repeater: Repeater, deployment: Deployment, progress: Progress) -> Operation[ModelVersion]:
    """Export, upload the objects that the server lacks, and submit; return the version."""
    sendable("model name", deployment.name)
    sendable("alias", deployment.alias)
    sendable("owner", deployment.owner)
    sendable("note", deployment.note)
    for labels in (deployment.labels, deployment.version_labels):
        sendable_labels(labels or {})
    progress("export", 0, 0)
    definition, request = yield RunBlocking(lambda: _prepare(deployment))
    if deployment.sample is None:  # with a sample, the answers are compared
        warn_of(definition.metadata)
    parameters = definition.parameters

    def attempt(cut_off: bool) -> Operation[ModelVersion]:
        # Safe to retry: uploads are by digest, and the identifier returns the version that was already published.
        return (yield from _submit(request, parameters, progress))

    try:
        return (yield from repeater.repeat(attempt))
    except CorruptObjectError:  # the store has dropped the damaged object; upload it again
        return (yield from repeater.repeat(attempt))


def _submit(
    request: pb.DeployModelRequest, parameters: Mapping[Digest, Parameter], progress: Progress
) -> Operation[ModelVersion]:
    yield from _upload(parameters, progress)
    versions: list[ModelVersion] = []

    def accept(response: pb.DeployModelResponse) -> None:
        if response.WhichOneof("step") == "version":
            versions.append(replace(wire.model_version_from_proto(response.version), dropped=tuple(response.dropped)))
        else:
            progress(response.progress, 0, 0)

    yield StreamCall("DeployModel", request, accept)
    if not versions:
        raise PretzelError(f"model {request.model!r}: the control plane ended the deployment without a version")
    return versions[0]


def _prepare(deployment: Deployment) -> tuple[Definition, pb.DeployModelRequest]:
    deployment = replace(deployment, model=_opened(deployment.model))
    definition = _definition(deployment.model, deployment.sample, deployment.outputs, deployment.python)
    if deployment.metadata:
        definition = _with_metadata(definition, deployment.metadata)
    return definition, _request(deployment, definition)


def _opened(model: Any) -> Any:
    """Return a model that can answer a sample: load it from a path, wrap a booster."""
    if isinstance(model, Definition):
        return model
    from pretzel.importers.files import opened  # loads scikit-learn, which prediction does not need

    return opened(model)


def _definition(model: Any, sample: Any, outputs: Sequence[str] | None, python: str | None) -> Definition:
    if isinstance(model, Definition):
        return model if outputs is None else with_methods(model, outputs)
    from pretzel.importers import definition_of  # loads scikit-learn, which prediction does not need

    try:
        return definition_of(model, sample=sample, outputs=outputs, python=python)
    except UnsupportedError:
        raise
    except Exception:
        if sample is not None:
            _try(model, head(sample, SAMPLE_ROWS))  # the library's own error about an unfit sample is clearer
        raise


def _with_metadata(definition: Definition, metadata: Mapping[str, Any]) -> Definition:
    """Return the definition with more metadata.

    Raises:
        InputError: the importer has set one of the keys.
    """
    taken = sorted({*metadata} & {*definition.metadata})
    if taken:
        raise InputError(f"metadata: {taken[0]!r:.60} is set by Pretzel; choose another key")
    return replace(definition, metadata={**definition.metadata, **metadata})


def _try(estimator: Any, X: Any) -> None:
    method = next((name for name in ("predict", "transform") if hasattr(estimator, name)), None)
    if method is not None:
        with blaming_the_sample(estimator):
            getattr(estimator, method)(X)


def _request(deployment: Deployment, definition: Definition) -> pb.DeployModelRequest:
    request = pb.DeployModelRequest(
        model=deployment.name,
        definition=wire.definition_to_proto(definition),
        alias=deployment.alias,
        wait=deployment.wait,
        options=wire.attributes_to_proto(deployment.options or {}),
        labels=deployment.labels,
        owner=deployment.owner,
        note=deployment.note,
        version_labels=deployment.version_labels,
        terms=terms_to_proto(deployment.terms),
        deployment_id=uuid.uuid4().hex,
    )
    if deployment.sample is not None:
        golden = Golden(deployment.model, deployment.sample, deployment.expected, deployment.sample_rows)
        request.sample.CopyFrom(golden_sample(golden, definition))
    if deployment.tolerance is not None:
        tolerance = deployment.tolerance
        both = tolerance if isinstance(tolerance, tuple) else (tolerance, 0.0)
        request.tolerance.CopyFrom(pb.Tolerance(relative=both[0], absolute=both[1]))
    return request


# Uploads


def _upload(parameters: Mapping[Digest, Parameter], progress: Progress) -> Operation[None]:
    """Send the objects that the server lacks; after a broken connection, ask again and send the rest."""
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
        batch = digests[start : start + DIGESTS_A_CALL]
        request = pb.FindMissingObjectsRequest(digests=[wire.digest_to_proto(digest) for digest in batch])
        response = yield UnaryCall("FindMissingObjects", request)
        lacking = {wire.digest_from_proto(digest) for digest in response.missing}
        missing += [digest for digest in batch if digest in lacking]
    return missing


def _pieces(parameters: list[Parameter], progress: Progress) -> Iterator[pb.UploadObjectsRequest]:
    """Yield the objects in messages under 1 MiB, created as they are sent, for back-pressure."""
    done, total = 0, sum(parameter.nbytes for parameter in parameters)
    for parameter in parameters:
        blob = memoryview(parameter.blob).cast("B")
        for offset in range(0, len(blob), PIECE_BYTES):
            data = bytes(blob[offset : offset + PIECE_BYTES])
            yield pb.UploadObjectsRequest(digest=wire.digest_to_proto(parameter.digest), offset=offset, data=data)
            done += len(data)
            progress("upload", done, total)
