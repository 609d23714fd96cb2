"""Convert models, versions and descriptions to and from messages."""

from __future__ import annotations

from collections.abc import Mapping

from pretzel.plan.hints import Hints
from pretzel.plan.model import (
    InputDescription,
    LabelTable,
    Model,
    ModelDescription,
    ModelVersion,
    OutputDescription,
    Shadow,
)
from pretzel.plan.traffic import Runs
from pretzel.plan.types import ValueType
from pretzel.plan.values import Texts
from pretzel.plan.wire.attributes import (
    attributes_from_proto,
    attributes_to_proto,
    digest_from_proto,
    digest_to_proto,
)
from pretzel.plan.wire.columns import column_from_proto, column_to_proto, label_table
from pretzel.v1 import model_pb2 as pb


def model_version_to_proto(version: ModelVersion) -> pb.ModelVersion:
    """Return the message of a version."""
    return pb.ModelVersion(
        model=version.model,
        version=version.version,
        plan=digest_to_proto(version.plan),
        definition=digest_to_proto(version.definition),
        created=version.created,
        parameter_bytes=version.parameter_bytes,
        metadata=attributes_to_proto(version.metadata),
        labels=version.labels,
        owner=version.owner,
        note=version.note,
    )


def model_version_from_proto(message: pb.ModelVersion) -> ModelVersion:
    """Return the version of a message."""
    return ModelVersion(
        model=message.model,
        version=message.version,
        plan=digest_from_proto(message.plan),
        definition=digest_from_proto(message.definition),
        created=message.created,
        parameter_bytes=message.parameter_bytes,
        metadata=attributes_from_proto(message.metadata),
        labels=dict(sorted(message.labels.items())),
        owner=message.owner,
        note=message.note,
    )


def model_to_proto(model: Model) -> pb.Model:
    """Return the message of a model."""
    versions = [model_version_to_proto(version) for version in model.versions]
    aliases, labels = dict(model.aliases), dict(model.labels)
    message = pb.Model(
        name=model.name, versions=versions, aliases=aliases, labels=labels, owner=model.owner, note=model.note
    )
    message.edition = model.edition
    _add_traffic(message, model.traffic)
    _add_hints(message, model.hints)
    _add_shadows(message, model.shadows)
    return message


def model_from_proto(message: pb.Model) -> Model:
    """Return the model of a message."""
    versions = tuple(model_version_from_proto(version) for version in message.versions)
    return Model(
        message.name,
        versions,
        dict(message.aliases),
        dict(sorted(message.labels.items())),
        message.owner,
        message.note,
        _traffic_of(message),
        message.edition,
        _hints_of(message),
        _shadows_of(message),
    )


def description_to_proto(description: ModelDescription) -> pb.ModelDescription:
    """Return the message of a description."""
    message = pb.ModelDescription(
        version=model_version_to_proto(description.version),
        inputs=[pb.InputDescription(name=i.name, type=str(i.type)) for i in description.inputs],
        outputs=[_output_to_proto(output) for output in description.outputs],
        aliases=dict(description.aliases),
        labels=description.labels,
        owner=description.owner,
        note=description.note,
        edition=description.edition,
    )
    _add_traffic(message, description.traffic)
    _add_hints(message, description.hints)
    _add_shadows(message, description.shadows)
    return message


def description_from_proto(message: pb.ModelDescription) -> ModelDescription:
    """Return the description of a message."""
    return ModelDescription(
        version=model_version_from_proto(message.version),
        inputs=tuple(InputDescription(i.name, ValueType.parse(i.type)) for i in message.inputs),
        outputs=tuple(_output_from_proto(output) for output in message.outputs),
        aliases=dict(message.aliases),
        labels=dict(sorted(message.labels.items())),
        owner=message.owner,
        note=message.note,
        traffic=_traffic_of(message),
        edition=message.edition,
        hints=_hints_of(message),
        shadows=_shadows_of(message),
    )


def _add_hints(message: pb.Model | pb.ModelDescription, hints: Hints) -> None:
    if hints:
        message.hints.CopyFrom(pb.Hints(pin=hints.pin, replicas=hints.replicas, workers=hints.workers))


def _hints_of(message: pb.Model | pb.ModelDescription) -> Hints:
    found = message.hints
    return Hints(found.pin, found.replicas, found.workers)


def _add_traffic(message: pb.Model | pb.ModelDescription, traffic: Mapping[str, Runs]) -> None:
    for alias, runs in traffic.items():
        message.traffic[alias].runs.extend(pb.Run(version=version, slots=slots) for version, slots in runs)


def _traffic_of(message: pb.Model | pb.ModelDescription) -> dict[str, Runs]:
    splits = sorted(message.traffic.items())
    return {alias: tuple((run.version, run.slots) for run in split.runs) for alias, split in splits}


def _add_shadows(message: pb.Model | pb.ModelDescription, shadows: Mapping[str, Shadow]) -> None:
    for alias, shadow in shadows.items():
        message.shadows[alias].CopyFrom(shadow_to_proto(shadow))


def _shadows_of(message: pb.Model | pb.ModelDescription) -> dict[str, Shadow]:
    return {alias: shadow_from_proto(shadow) for alias, shadow in sorted(message.shadows.items())}


def shadow_to_proto(shadow: Shadow) -> pb.Shadow:
    """Return the message of a shadow."""
    return pb.Shadow(version=shadow.version, slots=shadow.slots, id=shadow.id)


def shadow_from_proto(message: pb.Shadow) -> Shadow:
    """Return the shadow of a message."""
    return Shadow(message.version, message.slots, message.id)


def _output_to_proto(output: OutputDescription) -> pb.OutputDescription:
    labels = None if output.labels is None else column_to_proto("labels", _labels_value(output.labels))
    return pb.OutputDescription(name=output.name, type=str(output.type), labels=labels)


def _labels_value(labels: LabelTable) -> LabelTable | Texts:
    return Texts.of(labels) if isinstance(labels, list) else labels


def _output_from_proto(message: pb.OutputDescription) -> OutputDescription:
    labels = label_table(column_from_proto(message.labels)) if message.HasField("labels") else None
    return OutputDescription(message.name, ValueType.parse(message.type), labels)
