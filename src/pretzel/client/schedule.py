"""Scheduled changes of a control plane, as operations."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from google.protobuf.text_format import MessageToString

from pretzel.client import catalog, rolling, rollouts
from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.errors import InputError
from pretzel.plan.rollout import USUAL, Rules
from pretzel.plan.terms import ANY, Terms
from pretzel.plan.texts import sendable
from pretzel.v1 import schedule_pb2 as pb

R = TypeVar("R")
Time = float | datetime
"""Seconds since the epoch, or a date; one without a zone is of this machine's."""
PAGE = 1000
_FIELDS = {
    "SetAlias": "set_alias",
    "SetTraffic": "set_traffic",
    "StartRollout": "start_rollout",
    "Freeze": "freeze",
    "Unfreeze": "unfreeze",
    "DeleteModel": "delete_model",
}


@dataclass(frozen=True, slots=True)
class ScheduledChange:
    """One change that is made at a time, and what became of it."""

    id: int
    method: str
    """Name of the method, such as ``SetAlias``."""
    model: str
    """The model, or the pattern of a freeze."""
    request: str
    """The request of the method, as text."""
    at: float
    """Seconds since the epoch."""
    not_after: float
    """It lapses after this time; 0: never."""
    note: str
    by: str
    scheduled: float
    status: str
    """``waiting``, ``done``, ``failed``, ``lapsed`` or ``cancelled``."""
    ended: float
    """0 while it waits."""
    outcome: str
    """The reason, or how late it was made."""


@dataclass(frozen=True, slots=True)
class When:
    """The time of a change."""

    at: Time
    not_after: Time | None = None
    note: str = ""


class Later(Generic[R]):
    """The changes that can be scheduled; each returns the scheduled change, and takes the arguments of its call."""

    def __init__(
        self, run: Callable[[Operation[ScheduledChange], float | None], R], repeater: Repeater, when: When
    ) -> None:
        """Perform operations by ``run``."""
        self._perform, self._repeater, self._when = run, repeater, when

    def alias(
        self, model: str, alias: str, version: int | None, *, terms: Terms = ANY, timeout: float | None = None
    ) -> R:
        """Point an alias at a version; None removes the alias."""
        return self._run(catalog.set_alias(self._repeater, model, alias, version, terms), timeout)

    def delete(self, model: str, *, force: bool = False, terms: Terms = ANY, timeout: float | None = None) -> R:
        """Delete a model or one version."""
        return self._run(catalog.delete(self._repeater, model, force, terms), timeout)

    def traffic(
        self,
        model: str,
        shares: Mapping[int, float],
        *,
        alias: str = "stable",
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> R:
        """Split the calls of an alias over versions, in percent."""
        return self._run(rolling.set_traffic(self._repeater, model, shares, alias, terms), timeout)

    def rollout(
        self,
        model: str,
        version: int,
        *,
        steps: Sequence[float] = rollouts.STEPS,
        every: float = rollouts.EVERY,
        rules: Rules = USUAL,
        alias: str = "stable",
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> R:
        """Start a rollout."""
        return self._run(rollouts.start(self._repeater, model, version, steps, every, rules, alias, terms), timeout)

    def freeze(self, pattern: str, *, until: float = 0.0, reason: str = "", timeout: float | None = None) -> R:
        """Refuse changes of models."""
        return self._run(rolling.freeze(self._repeater, pattern, until, reason), timeout)

    def unfreeze(self, pattern: str, *, timeout: float | None = None) -> R:
        """End the freeze of a pattern."""
        return self._run(rolling.unfreeze(self._repeater, pattern), timeout)

    def _run(self, operation: Operation[Any], timeout: float | None) -> R:
        return self._perform(_schedule(self._repeater, operation, self._when), timeout)


def _schedule(repeater: Repeater, operation: Operation[Any], when: When) -> Operation[ScheduledChange]:
    """Schedule the request that an operation would send first."""
    call = next(operation)
    operation.close()
    assert isinstance(call, UnaryCall)
    fields: dict[str, Any] = {_FIELDS[call.method]: call.request}
    request = pb.ScheduleChangeRequest(
        change=pb.Deferred(**fields),
        at=_seconds(when.at),
        not_after=_seconds(when.not_after) if when.not_after else 0.0,
        note=sendable("note", when.note),
        key=uuid.uuid4().hex,
    )
    response = yield from repeater.ask(lambda: UnaryCall("ScheduleChange", request))
    return _change_of(response.change)


def listed(repeater: Repeater, waiting: bool, most: int) -> Operation[list[ScheduledChange]]:
    """Return up to ``most`` scheduled changes, newest first."""
    found: list[ScheduledChange] = []
    token = ""
    while len(found) < most:
        page = pb.ListScheduleRequest(waiting=waiting, page_size=min(most - len(found), PAGE), page_token=token)
        response = yield from repeater.ask(lambda page=page: UnaryCall("ListSchedule", page))  # type: ignore[misc]
        found += map(_change_of, response.changes)
        token = response.next_page_token
        if not token:
            break
    return found


def cancel(repeater: Repeater, number: int) -> Operation[ScheduledChange]:
    """Cancel a change that waits.

    Raises:
        InputError: the number is less than 1.
    """
    if not 0 < number < 1 << 63:
        raise InputError(f"scheduled change: expected a number from 1, got {number}")
    request = pb.CancelScheduledRequest(id=number)
    response = yield from repeater.ask(lambda: UnaryCall("CancelScheduled", request))
    return _change_of(response.change)


def _seconds(time: Time) -> float:
    return time.timestamp() if isinstance(time, datetime) else float(time)


def _change_of(message: pb.ScheduledChange) -> ScheduledChange:
    inner: Any = getattr(message.change, message.change.WhichOneof("change") or "set_alias")
    return ScheduledChange(
        message.id,
        message.method,
        getattr(inner, "pattern", "") or getattr(inner, "model", ""),
        MessageToString(inner, as_one_line=True, as_utf8=True),
        message.at,
        message.not_after,
        message.note,
        message.by,
        message.scheduled,
        message.status,
        message.ended,
        message.outcome,
    )
