"""An upgrade to other kernels: every server is restarted with them, one at a time, as an orchestrator does it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from functools import partial

from pretzel.control_plane.catalog import Catalog
from tests.day.load import Deployer
from tests.day.losses import HEAL_SECONDS, check_whole
from tests.day.record import Record
from tests.day.system import KERNEL_SET, NEWER, State, System
from tests.faults.cluster import until
from tests.faults.process import Kept

RECOMPILE_SECONDS = 900.0


def upgrade(record: Record, state: State, system: System, deployer: Deployer) -> None:
    """Upgrade the control planes, wait until each version has a plan for the newer kernels, and upgrade the workers."""
    for server in system.planes:
        _restart(record, server, lambda: True)
    with record.step("all versions are recompiled") as step:
        step.notes.append(_recompiled(record, state, system))
    for number, server in enumerate(system.workers):
        _restart(record, server, partial(system.serves, number))
    with record.step("all are upgraded") as step:
        check_whole(record, system, "the upgrade")
        step.notes.append(f"{deployer.held_back} deployments were published that former workers held back")


def _restart(record: Record, server: Kept, serves: Callable[[], bool]) -> None:
    """Stop a server by SIGTERM, which drains it, start it with the newer kernels, and wait for its readiness probe."""
    with record.step(f"upgrade of {server.name}"):
        starts = server.starts
        server.environment[KERNEL_SET] = NEWER
        server.send(signal.SIGTERM)
        if not until(lambda: server.starts > starts and server.is_ready and serves(), HEAL_SECONDS):
            record.problems.append(f"upgrade of {server.name}: not ready again")


def _recompiled(record: Record, state: State, system: System) -> str:
    """Wait until no version lacks a plan; return how many were recompiled and compared, and in what time."""
    with closing(Catalog(system.place["catalog"])) as catalog:
        if not until(lambda: not catalog.recompiling.progress(NEWER).left, RECOMPILE_SECONDS):
            record.problems.append(f"the recompilation: {catalog.recompiling.progress(NEWER)}")
        failed = catalog.recompiling.problems(NEWER)
        record.problems += [f"{version} is not recompiled: {problem}" for version, problem in failed.items()]
    database = system.place["catalog"].partition("?")[0].rpartition("/")[2]
    counted = f"count(*), count(*) FILTER (WHERE compared > 0) FROM recompiled WHERE kernel_set = '{NEWER}'"
    ((versions, compared),) = state.database.sql(f"SELECT {counted}", database)
    timed = f"max(at) - min(at) FROM audit WHERE method = 'recompile' AND after LIKE '%for kernels {NEWER}%'"
    ((seconds,),) = state.database.sql(f"SELECT {timed}", database)
    if compared != versions:
        record.problems.append(f"of {versions} recompiled versions, {compared} were compared")
    return f"{versions} versions recompiled, {compared} compared, in {seconds:.1f} s"
