"""Makes scheduled changes when their times come, as calls of those who scheduled them: one control plane at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from grpc import StatusCode

from pretzel.control_plane.catalog.audit import ANONYMOUS, ORIGIN, Origin
from pretzel.control_plane.catalog.joining import joining
from pretzel.control_plane.catalog.scheduling import FAILED, LAPSED, Scheduled, when
from pretzel.control_plane.serve.access import permit
from pretzel.control_plane.serve.control import ControlPlaneService
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.serve.rollouts import RolloutService
from pretzel.control_plane.serve.scheduled import PATHS, request_of
from pretzel.control_plane.serve.work import Held, TakenError
from pretzel.errors import PermissionDeniedError
from pretzel.serving.errors import status_of
from pretzel.serving.identity.caller import ACCESS

SCHEDULE = "schedule"
"""Name of the work, and of the task in metrics."""
_log = structlog.get_logger(part="schedule")


class _Context:
    """The context of a call that is made later: it knows the address of the caller, and nothing else."""

    def __init__(self, peer: str) -> None:
        self._peer = peer

    def peer(self) -> str:
        return self._peer


class Scheduler:
    """Makes the scheduled changes of a control plane.  For one event loop."""

    def __init__(self, plane: Plane) -> None:
        """Make them by the methods of the services of ``plane``."""
        self._plane, self._schedule, self._seconds = plane, plane.catalog.schedule, plane.settings.rollout_seconds
        control, rolling = ControlPlaneService(plane), RolloutService(plane)
        services = {"ControlPlaneService": control, "RolloutService": rolling}
        self._calls: dict[str, Callable[[Any, Any], Awaitable[Any]]] = {
            name: getattr(services[path.split("/")[1].rpartition(".")[2]], name) for name, path in PATHS.items()
        }

    async def run(self) -> None:
        """Look at the schedule until cancelled."""
        await self._plane.background.keep(SCHEDULE, self._look_often)

    async def _look_often(self) -> None:
        while True:
            if await asyncio.to_thread(self._schedule.due):
                await self._hold()
            self._plane.background.well(SCHEDULE)
            await asyncio.sleep(self._seconds)

    async def _hold(self) -> None:
        """Make the changes whose times have come, if this control plane has the lease."""
        try:
            async with self._plane.works.held(SCHEDULE) as held:
                for change in await asyncio.to_thread(self._schedule.due):
                    if not held.lost.is_set():
                        await asyncio.create_task(self._make(held, change))  # a task has variables of its own
        except TakenError as error:
            _log.debug("another control plane makes scheduled changes", reason=str(error))

    async def _make(self, held: Held, change: Scheduled) -> None:
        origin = Origin(change.method, change.identity or ANONYMOUS, change.subject, change.peer)
        origin.request_id, origin.model = f"schedule {change.id}", change.about
        ORIGIN.set(origin)
        give_up = partial(self._schedule.give_up, held.task, change, origin)
        if 0 < change.not_after < self._schedule.now():
            why = f"no control plane could make it until {when(change.not_after)}"
            return await asyncio.to_thread(give_up, LAPSED, StatusCode.DEADLINE_EXCEEDED.name, why)
        try:
            with joining(partial(self._schedule.made, held.task, change)):
                await self._call(change)
        except Exception as error:
            status = status_of(error)
            _log.warning("a scheduled change failed", id=change.id, change=change.text, reason=status.message)
            if status.code is not StatusCode.UNAVAILABLE:  # else it is tried again
                await asyncio.to_thread(give_up, FAILED, status.code.name, status.message)
        else:
            _log.info("a scheduled change was made", id=change.id, change=change.text, by=change.by)

    async def _call(self, change: Scheduled) -> None:
        """Make a change as its caller would now.

        Raises:
            PermissionDeniedError: the identity is gone, or lacks the role.
        """
        request, keeper = request_of(change), self._plane.keeper
        if keeper is not None:
            if not change.identity:
                raise PermissionDeniedError(
                    "it was scheduled without an identity, and identities are configured now; schedule it again"
                )
            ACCESS.set(permit(keeper.named(change.identity), PATHS[change.method], request))
        await self._calls[change.method](request, _Context(change.peer))
