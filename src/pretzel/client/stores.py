"""Garbage collection, checks of the store, and models that workers hold back, as operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pretzel.client.operations import Operation, StreamCall, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.errors import PretzelError
from pretzel.plan.texts import sendable
from pretzel.v1 import control_pb2 as pb


@dataclass(frozen=True, slots=True)
class Collected:
    """The objects that a garbage collection removed, or would remove."""

    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a store."""

    path: str
    """The file, the object or the version."""
    problem: str
    remedy: str
    """The remedy, or the repair that was done."""
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class CheckedStore:
    """The totals of a check."""

    objects: int
    bytes: int
    findings: int


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A model that a live worker does not serve as published."""

    model: str
    worker: str
    reason: str


def held_back(repeater: Repeater, prefix: str) -> Operation[list[HeldBack]]:
    """List the models that live workers do not serve as published."""
    request = pb.ListModelsRequest(prefix=sendable("prefix", prefix), page_size=1)
    response = yield from repeater.ask(lambda: UnaryCall("ListModels", request))
    return [HeldBack(item.model, item.worker, item.reason) for item in response.held]


def collect_garbage(dry_run: bool) -> Operation[Collected]:
    """Remove unreferenced objects, or count them."""
    response = yield UnaryCall("CollectGarbage", pb.CollectGarbageRequest(dry_run=dry_run))
    return Collected(response.objects, response.bytes)


def check_store(repair: bool, heard: Callable[[Finding], None]) -> Operation[CheckedStore]:
    """Check the store; ``heard`` is called with each problem as it is found."""
    sums: list[CheckedStore] = []

    def accept(response: pb.CheckStoreResponse) -> None:
        if response.WhichOneof("step") == "checked":
            checked = response.checked
            sums.append(CheckedStore(checked.objects, checked.bytes, checked.findings))
        else:
            finding = response.finding
            heard(Finding(finding.path, finding.problem, finding.remedy, finding.repaired))

    yield StreamCall("CheckStore", pb.CheckStoreRequest(repair=repair), accept)
    if not sums:
        raise PretzelError("the control plane ended the check of its store without a result")
    return sums[0]
