"""The loss of each process in turn, each by SIGKILL and restarted at once, as an orchestrator does."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator

import pretzel
from pretzel.errors import PretzelError
from tests.day.load import Deployer
from tests.day.models import model
from tests.day.record import Record
from tests.day.system import State, System
from tests.faults.cluster import until
from tests.faults.process import Kept

HEAL_SECONDS = 60.0


def lose_each(record: Record, state: State, system: System) -> None:
    """Kill each process, and measure the time until the system is whole again."""
    for name, kill in _kills(state, system):
        with record.step(f"loss of {name}"):
            kill()
            check_whole(record, system, name)


def check_whole(record: Record, system: System, what: str) -> None:
    """Wait until all servers are ready and every worker serves a new deployment; record it if not in time."""
    servers = (*system.planes, *system.workers)
    if not until(lambda: all(server.is_ready for server in servers), HEAL_SECONDS):
        record.problems.append(f"{what}: not ready: {[server.name for server in servers if not server.is_ready]}")
    known = model(0)
    try:
        with system.plane() as plane:
            plane.deploy("probe", known.estimator, sample=known.rows, note=f"after {what}")
            plane.label("probe", {"after": str(time.time_ns())})
        for number in range(len(system.workers)):
            with pretzel.Client(system.worker_address(number), timeout=HEAL_SECONDS) as client:
                client.predict_proba("probe", known.rows)
    except PretzelError as error:
        record.problems.append(f"{what}: {error!r}")


def _kills(state: State, system: System) -> Iterator[tuple[str, Callable[[], None]]]:
    for worker in system.workers:
        yield f"{worker.name}, whole", lambda worker=worker: _kill(worker, slice(None))
        yield f"a serving process of {worker.name}", lambda worker=worker: _kill(worker, slice(1, 2))
    for plane in system.planes:
        yield plane.name, lambda plane=plane: _kill(plane, slice(None))
    yield "PostgreSQL", lambda: _restart(state.database.kill, state.database.start)
    yield "S3", lambda: _restart(state.objects.kill, state.objects.start)


def _kill(server: Kept, which: slice) -> None:
    """Kill processes of a server; wait until it is ready no more, if its first process is among them."""
    members = server.members()[which]
    starts = server.starts
    for pid in members:
        server.send(signal.SIGKILL, pid)
    if which.start is None:
        until(lambda: server.starts > starts, HEAL_SECONDS)


def _restart(kill: Callable[[], None], start: Callable[[], None]) -> None:
    kill()
    time.sleep(1)  # a restart by hand or by an orchestrator takes at least as long
    start()


def check_deployments(record: Record, deployer: Deployer) -> None:
    """Record acknowledged deployments that are lost or doubled."""
    record.problems += deployer.problems()
    record.problems += [f"refused: {failure}" for failure in deployer.failed]
