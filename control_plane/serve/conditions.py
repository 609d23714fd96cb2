"""Report the condition of the store and of the workers as health services of their own.

The server stays SERVING meanwhile: deployments go on beside a damaged object or a worker whose disk is full.
"""

from __future__ import annotations

import asyncio

import structlog
from grpc_health.v1 import health, health_pb2

from pretzel.control_plane.serve.plane import Plane

STORE = "pretzel.store"
"""NOT_SERVING while versions need objects that the store does not have whole."""
WORKERS = "pretzel.workers"
"""NOT_SERVING while a live worker holds back a model, or says that something is wrong with it."""
CONDITIONS = "conditions"
"""The background task that keeps both up to date, as metrics name it."""
SECONDS = 1.0
"""Time between two looks."""
_STATUS = health_pb2.HealthCheckResponse
_log = structlog.get_logger(part="conditions")


async def keep_current(checks: health.aio.HealthServicer, plane: Plane) -> None:
    """Keep both conditions up to date, until cancelled; a look that fails is made again."""
    await plane.background.keep(CONDITIONS, lambda: _look_often(checks, plane))


async def _look_often(checks: health.aio.HealthServicer, plane: Plane) -> None:
    """Look, and look again; each change is logged."""
    said: dict[str, list[str]] = {STORE: [], WORKERS: []}
    while True:
        found = {STORE: await asyncio.to_thread(plane.problems), WORKERS: _of_workers(plane)}
        for name, problems in found.items():
            await checks.set(name, _STATUS.NOT_SERVING if problems else _STATUS.SERVING)
            if problems != said[name]:
                _log.warning(name, problems=problems[:5], count=len(problems))
        said = found
        plane.background.well(CONDITIONS)
        await asyncio.sleep(SECONDS)


def _of_workers(plane: Plane) -> list[str]:
    held = ((worker, model, why) for model, by in plane.live.held().items() for worker, why in by.items())
    return [
        *plane.live.problems(),
        *(f"worker {worker}: model {model!r} is held back: {why}" for worker, model, why in held),
    ]
