"""The calls of a control plane about traffic and freezes, as operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.errors import InputError, NotFoundError
from pretzel.plan import wire
from pretzel.plan.model import Model
from pretzel.plan.shadows import ShadowReport
from pretzel.plan.terms import Terms
from pretzel.plan.texts import sendable
from pretzel.plan.traffic import SLOTS
from pretzel.plan.wire.shadows import figures_from_proto
from pretzel.v1 import control_pb2 as control_pb
from pretzel.v1 import rollout_pb2 as pb

_MOST_VERSION = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Freeze:
    """An order not to change some models."""

    pattern: str
    by: str
    at: float
    until: float
    """Seconds since the epoch; 0: until it is ended."""
    reason: str


def terms_to_proto(terms: Terms) -> control_pb.Terms:
    """Return the message of conditions.

    Raises:
        InputError: a number is negative or too large.
    """
    for name in ("if_version", "if_edition"):
        number = getattr(terms, name)
        if number is not None and not 0 <= number <= _MOST_VERSION:
            raise InputError(f"{name}: expected a number from 0, got {number}")
    return control_pb.Terms(
        if_version=terms.if_version, if_edition=terms.if_edition, override_freeze=terms.override_freeze
    )


def set_traffic(
    repeater: Repeater, model: str, shares: Mapping[int, float], alias: str, terms: Terms
) -> Operation[Model]:
    """Split the calls of an alias over versions, in percent.

    Raises:
        InputError: a share has more than two decimals.
    """
    request = pb.SetTrafficRequest(
        model=sendable("model name", model),
        alias=sendable("alias", alias),
        shares={version: _slots(version, share) for version, share in shares.items()},
        terms=terms_to_proto(terms),
    )
    response = yield from repeater.ask(lambda: UnaryCall("SetTraffic", request))
    return wire.model_from_proto(response.model)


def set_shadow(
    repeater: Repeater, model: str, version: int, share: float, alias: str, terms: Terms
) -> Operation[Model]:
    """Send copies of calls of an alias to a version, in percent.

    Raises:
        InputError: the share has more than two decimals.
    """
    request = pb.SetShadowRequest(
        model=sendable("model name", model),
        alias=sendable("alias", alias),
        version=version if share else 0,
        slots=_slots(version, share, "shadow") if share else 0,
        terms=terms_to_proto(terms),
    )
    response = yield from repeater.ask(lambda: UnaryCall("SetShadow", request))
    return wire.model_from_proto(response.model)


def describe_shadow(repeater: Repeater, model: str, alias: str) -> Operation[ShadowReport]:
    """Return what the shadow of an alias has shown."""
    request = pb.DescribeShadowRequest(model=sendable("model name", model), alias=sendable("alias", alias))
    response = yield from repeater.ask(lambda: UnaryCall("DescribeShadow", request))
    return ShadowReport(wire.shadow_from_proto(response.shadow), tuple(map(figures_from_proto, response.figures)))


def freeze(repeater: Repeater, pattern: str, until: float, reason: str) -> Operation[Freeze]:
    """Refuse changes of models."""
    request = pb.FreezeRequest(pattern=sendable("pattern", pattern), until=until, reason=sendable("reason", reason))
    response = yield from repeater.ask(lambda: UnaryCall("Freeze", request))
    return _freeze_of(response.freeze)


def unfreeze(repeater: Repeater, pattern: str) -> Operation[None]:
    """End a freeze."""
    request = pb.UnfreezeRequest(pattern=sendable("pattern", pattern))

    def attempt(cut_off: bool) -> Operation[None]:
        try:
            yield UnaryCall("Unfreeze", request)
        except NotFoundError:
            if not cut_off:  # otherwise the interrupted attempt has ended it
                raise

    yield from repeater.repeat(attempt)


def freezes(repeater: Repeater) -> Operation[list[Freeze]]:
    """List the freezes that last."""
    response = yield from repeater.ask(lambda: UnaryCall("ListFreezes", pb.ListFreezesRequest()))
    return list(map(_freeze_of, response.freezes))


def _slots(version: int, share: float, what: str = "traffic") -> int:
    if not 1 <= version <= _MOST_VERSION:
        raise InputError(f"{what}: expected a version from 1, got {version}")
    slots = round(share * (SLOTS // 100)) if -SLOTS < share < SLOTS else 0
    if abs(slots / (SLOTS // 100) - share) > 1e-9:
        raise InputError(f"{what}: version {version} has a share of {share} %; expected two decimals at most")
    return slots


def _freeze_of(message: pb.FreezeOrder) -> Freeze:
    return Freeze(message.pattern, message.by, message.at, message.until, message.reason)
