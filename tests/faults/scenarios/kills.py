"""Random SIGKILLs and SIGTERMs over every kind of process, under load and during deployments."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path

from tests.faults.cluster import Cluster, running
from tests.faults.outcome import Outcome, scenario

KILLS = 200
BETWEEN = 0.35
"""Mean seconds between two kills."""


@scenario
def kills(root: Path) -> Outcome:
    """Kill a random process of a random server, one worker at a time, while models are deployed without pause."""
    chosen, done = random.Random(7), threading.Event()
    with running(root) as (cluster, load):
        deployer = threading.Thread(target=_deploy, args=(cluster, done))
        deployer.start()
        for _ in range(KILLS):
            time.sleep(chosen.expovariate(1 / BETWEEN))
            _kill_one(cluster, chosen)
        done.set()
        deployer.join()
        heal = cluster.healed_in()
        acknowledged = len(cluster.models())
    problems = [*load.problems[:3], *cluster.fsck()]
    if acknowledged < 10:
        problems.append(f"only {acknowledged} deployments were acknowledged: {cluster.refused[:3]}")
    return Outcome(load.calls, load.lost, load.wrong, heal, KILLS, problems)


def _deploy(cluster: Cluster, done: threading.Event) -> None:
    number = 0
    while not done.is_set():
        cluster.deploy(f"model-{number % 40}", seed=number)
        number += 1


def _kill_one(cluster: Cluster, chosen: random.Random) -> None:
    """Send a signal to one process; a worker is spared while the other one is not ready, as clients need one."""
    servers = [cluster.control, *cluster.workers]
    kept = chosen.choice(servers)
    others = [worker for worker in cluster.workers if worker is not kept]
    deadline = time.monotonic() + 60
    while kept in cluster.workers and not all(worker.is_ready for worker in others):
        assert time.monotonic() < deadline, f"{others[0].name} does not come back: {others[0].log()[-1500:]}"
        time.sleep(0.02)
    members = kept.members()
    if members:
        kept.send(chosen.choice([signal.SIGKILL, signal.SIGTERM]), chosen.choice(members))
