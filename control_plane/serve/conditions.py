"""Reports the condition of the store and of the workers as separate health services.

The server itself stays SERVING: deployments continue despite a damaged object or a worker with a full disk.
"""

from __future__ import annotations

import asyncio

import structlog
from grpc_health.v1 import health, health_pb2

from pretzel.control_plane.serve.live import Worker, held_back
from pretzel.control_plane.serve.plane import Plane

STORE = "pretzel.store"
"""NOT_SERVING while versions need objects that the store does not have intact."""
WORKERS = "pretzel.workers"
"""NOT_SERVING while a live worker holds back a model or reports a problem."""
CONDITIONS = "conditions"
"""Name in metrics of the background task that updates both."""
SECONDS = 1.0
"""Time between two checks."""
_MOST_HELD = 1000
_STATUS = health_pb2.HealthCheckResponse
_log = structlog.get_logger(part="conditions")


async def keep_current(checks: health.aio.HealthServicer, plane: Plane) -> None:
    """Keep both conditions up to date until cancelled; a failed check is repeated."""
    await plane.background.keep(CONDITIONS, lambda: _check_often(checks, plane))


async def _check_often(checks: health.aio.HealthServicer, plane: Plane) -> None:
    """Check periodically, and log each change."""
    reported: dict[str, list[str]] = {STORE: [], WORKERS: []}
    while True:
        of_workers = await asyncio.to_thread(_of_workers, plane.live.alive())
        current = {STORE: await asyncio.to_thread(plane.problems), WORKERS: of_workers}
        for name, problems in current.items():
            await checks.set(name, _STATUS.NOT_SERVING if problems else _STATUS.SERVING)
            if problems != reported[name]:
                _log.warning(name, problems=problems[:5], count=len(problems))
        reported = current
        plane.background.well(CONDITIONS)
        await asyncio.sleep(SECONDS)


def _of_workers(workers: list[Worker]) -> list[str]:
    return [
        *(f"worker {worker.name}: {problem}" for worker in workers for problem in worker.problems),
        *(
            f"worker {worker}: model {model!r} is held back: {why}"
            for model, worker, why in held_back(workers, "", _MOST_HELD)
        ),
    ]
