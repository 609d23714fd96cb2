"""Notes the origin of calls that change something, and records those that are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec
from urllib.parse import unquote

import grpc.aio
import structlog

from pretzel.control_plane.catalog.audit import ANONYMOUS, ORIGIN, Origin
from pretzel.control_plane.catalog.audit.trail import Trail
from pretzel.serving.errors import Status
from pretzel.serving.identity.caller import Caller
from pretzel.serving.log_limit import REFUSED, LogLimit
from pretzel.serving.request_ids import request_id_of

_CHANGES = {
    "ControlPlaneService": (
        *("FindMissingObjects", "UploadObjects", "DeployModel", "SetAlias", "DeleteModel", "SetLabels", "DeleteModels"),
        *("CollectGarbage", "CheckStore"),
    ),
    "RolloutService": (
        *("SetTraffic", "SetShadow", "Freeze", "Unfreeze"),
        *("StartRollout", "PauseRollout", "ResumeRollout", "AbortRollout", "PromoteRollout"),
    ),
    "PlacementService": ("SetHints",),
    "ScheduleService": ("ScheduleChange", "CancelScheduled"),
}
CHANGES = frozenset(f"/pretzel.v1.{service}/{name}" for service, names in _CHANGES.items() for name in names)
"""Methods that change something, whose refusals are recorded."""
BURST = 20
"""Refused changes of one identity that are recorded at once."""
SECONDS = 10.0
"""Time after which one more of an identity is recorded."""
P = ParamSpec("P")
_log = structlog.get_logger(part="audit")


def begin(method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    """Note the origin of the changes of a call, in its context."""
    if method in CHANGES:
        name, request_id = method.rpartition("/")[2], request_id_of(context.invocation_metadata() or ())
        ORIGIN.set(Origin(name, ANONYMOUS, peer=unquote(str(context.peer())), request_id=request_id))


def name_caller(caller: Caller) -> None:
    """Note the caller of the present call."""
    origin = ORIGIN.get()
    if origin is not None:
        origin.identity, origin.subject = caller.name, caller.subject


def name_request(request: Any) -> None:
    """Note what the present call is about."""
    origin = ORIGIN.get()
    if origin is not None:
        prefix = getattr(request, "prefix", None)
        named = getattr(request, "model", "") or getattr(request, "pattern", "")
        origin.model = str(named) if prefix is None else f"{prefix}*"
        origin.only_asks = bool(getattr(request, "dry_run", False) or not getattr(request, "repair", True))


class Refusals:
    """Records refused changes: a bounded number of each identity.  For one event loop."""

    def __init__(self, trail: Trail, limit: LogLimit | None = None) -> None:
        """Record in a trail, within a limit of each identity."""
        self._trail, self._limit = trail, limit or LogLimit(BURST, SECONDS)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="audit")

    async def note(self, status: Status) -> None:
        """Record that the present call was refused, unless it changed something, or only asked."""
        origin = ORIGIN.get()
        if origin is None or origin.recorded or origin.only_asks:
            return
        started: list[Future[None]] = []
        code, message = status.code.name, status.message

        def record(event: str, suppressed: int = 0) -> None:
            started.append(self._executor.submit(self._record, origin, code, message, suppressed))

        self._limit.write(record, "refused", kind=origin.identity)
        if started:
            await asyncio.shield(asyncio.wrap_future(started[0]))

    def later(self, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Write a record that is not of a call, soon; a failure is logged."""
        self._executor.submit(work, *args, **kwargs).add_done_callback(_log_failure)

    def _record(self, origin: Origin, code: str, message: str, omitted: int) -> None:
        try:
            self._trail.refuse(origin, code, message, omitted)
        except Exception as error:  # the caller needs the refusal itself, not the failure to record it
            lost = partial(_log.error, identity=origin.identity, method=origin.method, code=code, error=str(error))
            REFUSED.write(lost, "a refused change could not be recorded")

    def close(self) -> None:
        """Write what waits, and the numbers of those that were left out."""
        self._limit.settle()
        self._executor.shutdown(wait=True)


def _log_failure(done: Future[object]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("a change could not be recorded", error=str(error))
