"""The service of scheduled changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import grpc.aio

from pretzel.control_plane.catalog.audit import ORIGIN
from pretzel.control_plane.catalog.repeats import check_id
from pretzel.control_plane.catalog.scheduling import Scheduled
from pretzel.control_plane.serve import translate
from pretzel.control_plane.serve.access import permit
from pretzel.control_plane.serve.auditing import name_request
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.serve.rollouts import caller_of
from pretzel.control_plane.serve.scheduled import PATHS, about, message_of, method_of, request_of
from pretzel.errors import InputError
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.roles import ALL
from pretzel.v1 import schedule_pb2 as pb
from pretzel.v1 import schedule_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]
MOST, USUAL = 1000, 100
"""Most changes of a page, and those of a request that does not ask for a number."""
_LONGEST_NUMBER = 18


class ScheduleService(schedule_pb2_grpc.ScheduleServiceServicer):
    """`pretzel.v1.ScheduleService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._schedule = plane.catalog.schedule

    async def ScheduleChange(self, request: pb.ScheduleChangeRequest, context: Context) -> pb.ScheduleChangeResponse:
        method, change = method_of(request.change)
        name_request(change)
        _permit(method, change)
        check_id(request.key, "key")
        access, origin = ACCESS.get(), ORIGIN.get()
        wanted = Scheduled(
            method,
            change.SerializeToString(),
            about(change),
            request.at,
            request.not_after,
            request.note,
            access.caller.name if access is not None else "",
            access.caller.subject if access is not None else "",
            origin.peer if origin is not None else "",
            caller_of(context),
            request.key,
        )
        return pb.ScheduleChangeResponse(change=message_of(await asyncio.to_thread(self._schedule.add, wanted)))

    async def ListSchedule(self, request: pb.ListScheduleRequest, context: Context) -> pb.ListScheduleResponse:
        size = min(request.page_size, MOST) if request.page_size > 0 else USUAL
        list_ = partial(self._schedule.page, _number(request.page_token), size, waiting=request.waiting, sees=_sees())
        found, following = await asyncio.to_thread(list_)
        return pb.ListScheduleResponse(changes=map(message_of, found), next_page_token=str(following or ""))

    async def CancelScheduled(self, request: pb.CancelScheduledRequest, context: Context) -> pb.CancelScheduledResponse:
        change = await asyncio.to_thread(self._schedule.find, request.id)
        _permit(change.method, request_of(change))
        cancelled = await asyncio.to_thread(self._schedule.cancel, request.id)
        return pb.CancelScheduledResponse(change=message_of(cancelled))


def _permit(method: str, request: Any) -> None:
    """Check that the present caller could make a change now.

    Raises:
        PermissionDeniedError: it lacks the role.
    """
    access = ACCESS.get()
    if access is not None:
        permit(access.caller, PATHS[method], request)
        if hasattr(request, "terms"):
            translate.terms(request, request.model)


def _sees() -> Callable[[Scheduled], bool]:
    """Return a predicate of the changes that the present caller may know of."""
    access = ACCESS.get()
    if access is None or access.caller.roles[access.role].covers_prefix(""):
        return lambda change: True
    return lambda change: not change.about.endswith(ALL) and access.may(change.about)


def _number(token: str) -> int:
    if not token:
        return 0
    if not token.isascii() or not token.isdecimal() or len(token) > _LONGEST_NUMBER:
        raise InputError(f"page token {token[:40]!r}: expected next_page_token of the response before")
    return int(token)
