"""Translates messages that only servers use; `pretzel.plan.wire` translates all others."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Any

from pretzel.control_plane.catalog import Changes, Marking, Selection
from pretzel.control_plane.deploy import Deployment
from pretzel.control_plane.options import Options
from pretzel.control_plane.serve.live import MOST_FIGURES, MOST_HELD, MOST_NAME, MOST_PROBLEMS, MOST_REASON, Worker
from pretzel.control_plane.verify import Sample, Tolerance
from pretzel.errors import InputError
from pretzel.plan import wire
from pretzel.plan.definition import from_tree, parameter_digests
from pretzel.plan.durations import BUCKETS
from pretzel.plan.terms import Terms
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.roles import Role
from pretzel.v1 import control_pb2, figures_pb2, worker_pb2


def deployment(request: control_pb2.DeployModelRequest, client: str = "") -> Deployment:
    """Return the deployment of a request; the definition is built later, on the deploying thread.

    Raises:
        DefinitionError: it is invalid for any parameters; raised here, so that none is uploaded needlessly.
    """
    tree = wire.definition_tree(request.definition)
    return Deployment(
        model=request.model,
        parameters=parameter_digests(tree),
        build=partial(from_tree, tree),
        sample=sample(request.sample) if request.HasField("sample") else None,
        tolerance=_tolerance(request),
        alias=request.alias or None,
        options=Options.of(wire.attributes_from_proto(request.options)),
        client=client,
        of_model=Marking(dict(request.labels), owner=request.owner or None),
        of_version=Marking(dict(request.version_labels), note=request.note or None),
        terms=terms(request, request.model),
        id=request.deployment_id,
    )


def terms(request: Any, *names: str) -> Terms:
    """Return the conditions of a change of some models.

    Raises:
        PermissionDeniedError: the caller may not change them while they are frozen.
    """
    message: control_pb2.Terms = request.terms
    if_version, if_edition = (
        getattr(message, name) if message.HasField(name) else None for name in ("if_version", "if_edition")
    )
    access = ACCESS.get()
    if message.override_freeze and access is not None:
        for name in names:
            access.caller.require(Role.ADMINISTER, name)
    return Terms(if_version, if_edition, message.override_freeze)


def terms_of_prefix(request: control_pb2.DeleteModelsRequest) -> bool:
    """Return whether frozen models are deleted too.

    Raises:
        PermissionDeniedError: the caller may not change them while they are frozen.
    """
    access = ACCESS.get()
    if request.terms.override_freeze and access is not None:
        access.caller.require_prefix(Role.ADMINISTER, request.prefix)
    return bool(request.terms.override_freeze)


def marking(request: control_pb2.SetLabelsRequest) -> Marking:
    """Return the change of labels, owner and note that a request asks for."""
    owner, note = (getattr(request, name) if request.HasField(name) else None for name in ("owner", "note"))
    return Marking(dict(request.set), tuple(request.remove), owner, note)


def selection(message: control_pb2.Selection) -> Selection:
    """Return a selection of models, or raise :class:`InputError` if it is malformed."""
    return Selection.of(message.labels, message.owner, message.text, message.versions)


def sample(message: control_pb2.Sample) -> Sample:
    """Return a sample, or raise :class:`InputError` if its columns are malformed."""
    try:
        inputs, outputs = wire.columns_from_proto(message.inputs), wire.columns_from_proto(message.outputs)
        converted = Sample(inputs, outputs, tuple(message.rows), message.total_rows)
    except InputError as error:
        raise InputError(f"sample: {error}") from None
    if not converted.outputs:
        raise InputError("sample: no outputs; send the library's own outputs, or no sample")
    return converted


def changes(difference: Changes, replaces: str) -> worker_pb2.WatchResponse:
    """Return the message of changes to a watcher."""
    return worker_pb2.WatchResponse(
        epoch=difference.epoch,
        revision=difference.revision,
        snapshot=difference.snapshot,
        models=[wire.model_to_proto(model) for model in difference.models],
        deleted=difference.deleted,
        replaces=replaces,
    )


def worker(request: worker_pb2.ReportRequest) -> Worker:
    """Return the report of a worker."""
    return Worker(
        name=request.worker,
        epoch=request.epoch,
        revision=request.revision,
        kernel_set=request.kernel_set,
        address=request.address,
        resident_bytes=request.resident_bytes,
        held={model.model[:MOST_NAME]: model.reason[:MOST_REASON] for model in islice(request.held, MOST_HELD)},
        problems=tuple(problem[:MOST_REASON] for problem in islice(request.problems, MOST_PROBLEMS)),
        metrics=request.metrics if len(request.metrics) <= MOST_NAME else "",
        instance=request.figures.instance[:MOST_NAME],
        figures=_figures(request.figures),
        labels=dict(request.labels),
    )


def _figures(message: figures_pb2.Figures) -> dict[str, list[int]]:
    """Return what a worker counted, by version; what does not have the buckets of this release is left out."""
    return {
        f"{one.model}@{one.version}": [one.faults, one.refusals, *one.durations]
        for one in islice(message.versions, MOST_FIGURES)
        if len(one.durations) == BUCKETS and len(one.model) <= MOST_NAME
    }


def _tolerance(request: control_pb2.DeployModelRequest) -> Tolerance:
    if not request.HasField("tolerance"):
        return Tolerance()
    return Tolerance(request.tolerance.relative, request.tolerance.absolute)
