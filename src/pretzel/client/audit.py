"""The audit trail of a control plane, as an operation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.plan.texts import sendable
from pretzel.v1 import audit_pb2 as pb

Moment = float | datetime | None
"""Seconds since the epoch, or a date; one without a zone is of this machine's."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One change, or one that was refused."""

    id: int
    """Grows with each record."""
    at: float
    """Seconds since the epoch."""
    identity: str
    """``anonymous`` for callers without one, ``system`` for the server itself."""
    subject: str
    """The subject of an issuer's token."""
    method: str
    model: str
    version: int
    """0 if the change is about no version, or about several."""
    peer: str
    """The address of the caller."""
    request_id: str
    before: Mapping[str, object]
    """The entries that differ, before the change."""
    after: Mapping[str, object]
    """The entries that differ, after it."""
    code: str
    """``OK``, or the status of a refused change."""
    message: str
    """The error of a refused change."""
    omitted: int
    """Refused changes of this identity, before this one, that were too many for records of their own."""


def audit(repeater: Repeater, request: pb.ListAuditRequest, most: int) -> Operation[list[AuditRecord]]:
    """Return up to ``most`` records, newest first."""
    found: list[AuditRecord] = []
    while len(found) < most:
        page = pb.ListAuditRequest()
        page.CopyFrom(request)
        page.page_size = most - len(found)
        response = yield from repeater.ask(lambda page=page: UnaryCall("ListAudit", page))  # type: ignore[misc]
        found += map(_record, response.records)
        if not response.next_page_token:
            break
        request.page_token = response.next_page_token
    return found


def request_of(
    model: str, who: str, method: str, since: Moment, until: Moment, outcome: str, after: int
) -> pb.ListAuditRequest:
    """Return the request for records that meet all conditions."""
    return pb.ListAuditRequest(
        model=sendable("model", model),
        identity=sendable("who", who),
        method=sendable("method", method),
        since=_seconds(since),
        until=_seconds(until),
        outcome=sendable("outcome", outcome),
        after=after,
    )


def _seconds(moment: Moment) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment or 0)


def _record(message: pb.AuditRecord) -> AuditRecord:
    return AuditRecord(
        message.id,
        message.at,
        message.identity,
        message.subject,
        message.method,
        message.model,
        message.version,
        message.peer,
        message.request_id,
        json.loads(message.before or "{}"),
        json.loads(message.after or "{}"),
        message.code,
        message.message,
        message.omitted,
    )
