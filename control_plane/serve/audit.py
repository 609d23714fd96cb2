"""The service that shows who changed what."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import grpc.aio

from pretzel.control_plane.catalog.audit.filters import Filters
from pretzel.control_plane.catalog.audit.trail import Record, Trail
from pretzel.control_plane.serve.plane import Plane
from pretzel.errors import InputError
from pretzel.serving.identity.caller import ACCESS
from pretzel.v1 import audit_pb2 as pb
from pretzel.v1 import audit_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]
MOST, USUAL = 1000, 100
"""Most records of a page, and those of a request that does not ask for a number."""
_LONGEST_NUMBER = 18


class AuditService(audit_pb2_grpc.AuditServiceServicer):
    """`pretzel.v1.AuditService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    async def ListAudit(self, request: pb.ListAuditRequest, context: Context) -> pb.ListAuditResponse:
        return await self._plane.heavy.run(_list, self._plane.trail, request, _sees())


def _list(trail: Trail, request: pb.ListAuditRequest, sees: Callable[[Record], bool]) -> pb.ListAuditResponse:
    filters = Filters(
        request.model,
        request.identity,
        request.method,
        request.since,
        request.until,
        request.outcome,
        request.after,
    )
    filters.check()
    size = min(request.page_size, MOST) if request.page_size > 0 else USUAL
    records, following = trail.page(filters, _number(request.page_token), size, sees)
    return pb.ListAuditResponse(records=map(_message, records), next_page_token=str(following or ""))


def _sees() -> Callable[[Record], bool]:
    """Return a predicate of the records that the present caller may see."""
    access = ACCESS.get()
    if access is None or access.caller.roles[access.role].covers_prefix(""):
        return lambda record: True
    return lambda record: bool(record.model) and access.may(record.model.partition("@")[0].partition(":")[0])


def _number(token: str) -> int:
    if not token:
        return 0
    if not token.isascii() or not token.isdecimal() or len(token) > _LONGEST_NUMBER:
        raise InputError(f"page token {token[:40]!r}: expected next_page_token of the response before")
    return int(token)


def _message(record: Record) -> pb.AuditRecord:
    fields = asdict(record)
    fields |= {side: json.dumps(fields[side], ensure_ascii=False) for side in ("before", "after")}
    return pb.AuditRecord(**fields)
