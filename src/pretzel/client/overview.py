"""The state of a system, as operations: what models share, live workers, failed verifications, pages of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.plan import wire
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from pretzel.plan.texts import sendable
from pretzel.v1 import control_pb2
from pretzel.v1 import overview_pb2 as pb


@dataclass(frozen=True, slots=True)
class SharedObject:
    """Parameters that several models hold, stored once."""

    digest: Digest
    models: int
    """Number of models that hold it."""
    examples: Sequence[str]
    """Names of some of them."""
    operator: str
    """The stage that reads it in one of them; empty if unknown."""
    parameter: str
    """Its name there."""

    @property
    def saved(self) -> int:
        """Bytes that the models would hold in addition, if each had its own."""
        return self.digest.size * (self.models - 1)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Sums over one version of each model: that of the alias ``stable``, or the newest one."""

    revision: int
    models: int
    versions: int
    """All versions, also those that are not in the sums."""
    separate_bytes: int
    """Bytes of the parameters if each model had its own."""
    distinct_bytes: int
    shared_objects: int
    """Number of objects that more than one model holds."""
    objects: Sequence[SharedObject]
    """Those of them that save most."""

    @property
    def saved_bytes(self) -> int:
        """Bytes that sharing saves."""
        return self.separate_bytes - self.distinct_bytes


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """The last report of a worker."""

    name: str
    address: str
    """Address of its predictions."""
    metrics: str
    """URL of its metrics; empty if it did not report one."""
    epoch: str
    revision: int
    """The revision of the catalog that it answers from."""
    kernel_set: str
    resident_bytes: int
    held: int
    """Number of models that it does not serve as published."""
    problems: Sequence[str]
    labels: Mapping[str, str] = field(default_factory=dict)
    placed: int = 0
    """Number of models that the control plane lets it keep loaded."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The live workers, and the catalog that they follow."""

    epoch: str
    revision: int
    workers: Sequence[LiveWorker]
    """By name, at most 1,000."""
    total: int


@dataclass(frozen=True, slots=True)
class FailedVerification:
    """A deployment that its verification refused."""

    model: str
    at: float
    """Seconds since the epoch."""
    estimator: str
    problem: str


@dataclass(frozen=True, slots=True)
class RelatedModel:
    """A model that holds parameters of another one as well."""

    model: str
    shared_bytes: int


def page(repeater: Repeater, prefix: str, after: str, size: int) -> Operation[tuple[list[Model], str]]:
    """Return a page of the models whose names start with ``prefix``, and where the next one begins."""
    request = control_pb2.ListModelsRequest(
        prefix=sendable("prefix", prefix), page_size=size, page_token=sendable("after", after)
    )
    response = yield from _ask(repeater, "ListModels", request)
    return [wire.model_from_proto(model) for model in response.models], str(response.next_page_token)


def sharing(repeater: Repeater, most: int) -> Operation[Sharing]:
    """Count the models, and the bytes that they share."""
    response = yield from _ask(repeater, "MeasureSharing", pb.MeasureSharingRequest(most_objects=most))
    objects = [
        SharedObject(
            wire.digest_from_proto(item.digest), item.models, tuple(item.examples), item.operator, item.parameter
        )
        for item in response.objects
    ]
    return Sharing(
        response.revision,
        response.models,
        response.versions,
        response.separate_bytes,
        response.distinct_bytes,
        response.shared_objects,
        objects,
    )


def related(repeater: Repeater, model: str, most: int) -> Operation[tuple[list[RelatedModel], int]]:
    """Return the models that share most with a version, and the number of all that share something."""
    request = pb.ListRelatedModelsRequest(model=sendable("model name", model), most=most)
    response = yield from _ask(repeater, "ListRelatedModels", request)
    return [RelatedModel(item.model, item.shared_bytes) for item in response.models], int(response.total)


def workers(repeater: Repeater) -> Operation[Fleet]:
    """Return the live workers."""
    response = yield from _ask(repeater, "ListWorkers", pb.ListWorkersRequest())
    listed = [
        LiveWorker(
            item.name,
            item.address,
            item.metrics,
            item.epoch,
            item.revision,
            item.kernel_set,
            item.resident_bytes,
            item.held,
            tuple(item.problems),
            dict(sorted(item.labels.items())),
            item.placed,
        )
        for item in response.workers
    ]
    return Fleet(response.epoch, response.revision, listed, response.total)


def failures(repeater: Repeater, model: str, most: int) -> Operation[list[FailedVerification]]:
    """Return the last deployments that their verification refused, newest first."""
    request = pb.ListFailedVerificationsRequest(model=sendable("model name", model), most=most)
    response = yield from _ask(repeater, "ListFailedVerifications", request)
    return [FailedVerification(item.model, item.at, item.estimator, item.problem) for item in response.failures]


def _ask(repeater: Repeater, method: str, request: Message) -> Operation[Any]:
    return (yield from repeater.ask(lambda: UnaryCall(method, request)))
