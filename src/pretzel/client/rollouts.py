"""The calls of a control plane about rollouts, as operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.client.rolling import terms_to_proto
from pretzel.errors import InputError, PreconditionError
from pretzel.plan.rollout import Rollout, Rules
from pretzel.plan.terms import Terms
from pretzel.plan.texts import sendable
from pretzel.plan.traffic import SLOTS
from pretzel.plan.wire.rollouts import rollout_from_proto, rules_to_proto
from pretzel.v1 import rollout_pb2 as pb

STEPS = (1.0, 10.0, 50.0, 100.0)
"""Steps of a rollout that names none, in percent."""
EVERY = 300.0
"""Seconds of each."""
_MOST = (1 << 63) - 1
_CHANGES: dict[str, Any] = {
    "pause": pb.PauseRolloutRequest,
    "resume": pb.ResumeRolloutRequest,
    "abort": pb.AbortRolloutRequest,
    "promote": pb.PromoteRolloutRequest,
}


def start(
    repeater: Repeater,
    model: str,
    version: int,
    steps: Sequence[float],
    every: float,
    rules: Rules,
    alias: str,
    terms: Terms,
) -> Operation[Rollout]:
    """Start a rollout.

    Raises:
        InputError: a step has more than two decimals, or a number is out of its range.
    """
    rules.check()
    if not 1 <= version <= _MOST:
        raise InputError(f"rollout: expected a version from 1, got {version}")
    request = pb.StartRolloutRequest(
        model=sendable("model name", model),
        alias=sendable("alias", alias),
        version=version,
        steps=[_slots(step) for step in steps],
        every=every,
        rules=rules_to_proto(rules),
        terms=terms_to_proto(terms),
    )

    def attempt(cut_off: bool) -> Operation[Rollout]:
        try:
            response = yield UnaryCall("StartRollout", request)
        except PreconditionError:
            if not cut_off:
                raise
            response = yield UnaryCall("GetRollout", pb.GetRolloutRequest(model=model, alias=alias))
            if not response.rollout.version == version or list(response.rollout.steps) != list(request.steps):
                raise
        return rollout_from_proto(response.rollout)

    return (yield from repeater.repeat(attempt))


def find(repeater: Repeater, model: str, alias: str) -> Operation[Rollout]:
    """Return the last rollout of an alias."""
    request = pb.GetRolloutRequest(model=sendable("model name", model), alias=sendable("alias", alias))
    response = yield from repeater.ask(lambda: UnaryCall("GetRollout", request))
    return rollout_from_proto(response.rollout)


def listed(repeater: Repeater, lasting: bool) -> Operation[list[Rollout]]:
    """List rollouts."""
    response = yield from repeater.ask(lambda: UnaryCall("ListRollouts", pb.ListRolloutsRequest(lasting=lasting)))
    return list(map(rollout_from_proto, response.rollouts))


def change(repeater: Repeater, what: str, model: str, alias: str, terms: Terms) -> Operation[Rollout]:
    """Pause, resume, abort or promote the rollout of an alias."""
    kind = _CHANGES[what]
    request = kind(model=sendable("model name", model), alias=sendable("alias", alias), terms=terms_to_proto(terms))
    response = yield from repeater.ask(lambda: UnaryCall(f"{what.capitalize()}Rollout", request))
    return rollout_from_proto(response.rollout)


def _slots(step: float) -> int:
    slots = round(step * (SLOTS // 100)) if 0 < step <= 100 else 0
    if abs(slots / (SLOTS // 100) - step) > 1e-9 or not slots:
        raise InputError(f"rollout: a step of {step} %; expected a percent to 100, with two decimals at most")
    return slots
