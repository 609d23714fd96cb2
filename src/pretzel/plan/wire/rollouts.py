"""Messages of rollouts."""

from __future__ import annotations

from dataclasses import asdict, fields

from pretzel.plan.rollout import Decision, Figures, Rollout, Rules
from pretzel.v1 import rollout_pb2 as pb

_PLAIN = (
    "id",
    "model",
    "alias",
    "stable",
    "version",
    "every",
    "status",
    "step",
    "began",
    "by",
    "started",
    "ended",
    "reason",
)
"""Fields with the same name and form in both."""


def rules_to_proto(rules: Rules) -> pb.RolloutRules:
    """Return the message of rules."""
    return pb.RolloutRules(**asdict(rules))


def rules_from_proto(message: pb.RolloutRules) -> Rules:
    """Return the rules of a message."""
    return Rules(**{field.name: getattr(message, field.name) for field in fields(Rules)})


def rollout_to_proto(rollout: Rollout) -> pb.Rollout:
    """Return the message of a rollout."""
    plain = {name: getattr(rollout, name) for name in _PLAIN}
    decisions = [_decision_to_proto(decision) for decision in rollout.decisions]
    return pb.Rollout(**plain, steps=rollout.steps, rules=rules_to_proto(rollout.rules), decisions=decisions)


def rollout_from_proto(message: pb.Rollout) -> Rollout:
    """Return the rollout of a message."""
    plain = {name: getattr(message, name) for name in _PLAIN}
    decisions = tuple(map(_decision_from_proto, message.decisions))
    rules = rules_from_proto(message.rules)
    return Rollout(**plain, steps=tuple(message.steps), rules=rules, decisions=decisions)


def _decision_to_proto(decision: Decision) -> pb.RolloutDecision:
    return pb.RolloutDecision(
        at=decision.at,
        step=decision.step,
        decision=decision.decision,
        reason=decision.reason,
        by=decision.by,
        version=pb.RolloutFigures(**asdict(decision.version)),
        stable=pb.RolloutFigures(**asdict(decision.stable)),
    )


def _decision_from_proto(message: pb.RolloutDecision) -> Decision:
    version, stable = _figures(message.version), _figures(message.stable)
    return Decision(message.at, message.step, message.decision, message.reason, message.by, version, stable)


def _figures(message: pb.RolloutFigures) -> Figures:
    return Figures(message.calls, message.faults, message.refusals, message.p99)
