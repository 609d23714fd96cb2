"""The calls of a control plane about hints and placement, as operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.client.rolling import terms_to_proto
from pretzel.errors import InputError
from pretzel.plan import wire
from pretzel.plan.hints import MOST_REPLICAS, Hinting
from pretzel.plan.model import Model
from pretzel.plan.terms import Terms
from pretzel.plan.texts import sendable
from pretzel.v1 import placement_pb2 as pb


@dataclass(frozen=True, slots=True)
class ServingWorker:
    """A live worker that serves a model."""

    name: str
    address: str
    """Address of its predictions."""
    warm: bool
    """Whether it keeps the model loaded; else it loads it when it is called."""
    labels: Mapping[str, str]


def set_hints(repeater: Repeater, model: str, hinting: Hinting, terms: Terms) -> Operation[Model]:
    """Change hints of a model.

    Raises:
        InputError: the number of replicas is not one.
    """
    if hinting.replicas is not None and not 0 <= hinting.replicas <= MOST_REPLICAS:
        raise InputError(f"replicas: expected 0 to {MOST_REPLICAS}, got {hinting.replicas}")
    request = pb.SetHintsRequest(
        model=sendable("model name", model),
        terms=terms_to_proto(terms),
    )
    if hinting.pin is not None:
        request.pin = hinting.pin
    if hinting.replicas is not None:
        request.replicas = hinting.replicas
    if hinting.workers is not None:
        request.workers = sendable("selector of workers", hinting.workers)
    response = yield from repeater.ask(lambda: UnaryCall("SetHints", request))
    return wire.model_from_proto(response.model)


def find_workers(repeater: Repeater, model: str) -> Operation[list[ServingWorker]]:
    """List the workers that serve a model."""
    request = pb.FindWorkersRequest(model=sendable("model name", model))
    response = yield from repeater.ask(lambda: UnaryCall("FindWorkers", request))
    return [
        ServingWorker(one.name, one.address, one.warm, dict(sorted(one.labels.items()))) for one in response.workers
    ]
