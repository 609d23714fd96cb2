"""Random SIGKILLs and SIGTERMs to every kind of process, under load and during deployments."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.cluster import DEPLOY_SECONDS, Cluster, outcome, running
from tests.faults.outcome import Outcome, scenario
from tests.faults.process import Kept

KILLS = 200
BETWEEN = 1.5
"""Mean seconds between two signals."""
LEAST = 10
"""Signals that each kind of process must receive."""
DOWN_AGAIN = 0.2
"""Probability that a starting worker is hit again while the other one must be spared."""


@scenario
def kills(root: Path) -> Outcome:
    """Signal random processes of all servers, several at once but only of one worker, while models are deployed."""
    with running(root) as (cluster, load):
        killer = Killer(cluster, random.Random(7))
        with _deploying(cluster):
            for number in range(KILLS):
                time.sleep(killer.chosen.expovariate(1 / BETWEEN))
                killer.strike()
                if number % 20 == 19:
                    print(f"   {time.strftime('%T')} {number + 1} signals: {dict(killer.hit)}", flush=True)
        heal = cluster.healed_in()
        acknowledged = len(cluster.models())
    problems = [f"only {hits} signals to a {kind}" for kind, hits in killer.hit.items() if hits < LEAST]
    if acknowledged < 10:
        problems.append(f"only {acknowledged} deployments were acknowledged: {cluster.refused[:3]}")
    return outcome(cluster, load, heal, sum(killer.hit.values()), problems)


@contextmanager
def _deploying(cluster: Cluster) -> Iterator[None]:
    """Deploy models in sequence while the block runs."""
    done = threading.Event()

    def deploy() -> None:
        number = 0
        while not done.is_set():
            cluster.deploy(f"model-{number}", seed=number)
            number += 1

    deployer = threading.Thread(target=deploy, daemon=True)
    deployer.start()
    try:
        yield
    finally:
        done.set()
        deployer.join(2 * DEPLOY_SECONDS)
    assert not deployer.is_alive(), "a deployment does not end"


class Killer:
    """Sends signals to random processes; one worker is spared while the other is down, as clients need one."""

    def __init__(self, cluster: Cluster, chosen: random.Random) -> None:
        self.chosen, self._cluster = chosen, cluster
        self.hit: Counter[str] = Counter(dict.fromkeys(("control plane", "verifier", "supervisor", "server"), 0))
        self._down: tuple[Kept, int] | None = None
        """The worker that was hit last, and its number of starts then, until it answers again."""

    def strike(self) -> None:
        """Send one signal to one eligible process."""
        members: list[int] = []
        while not members:
            victim = self._victim()
            members = victim.members()
        pid, worker = self.chosen.choice(members), victim in self._cluster.workers
        first = pid == members[0]
        if worker:
            self._down = victim, victim.starts + first
        victim.send(self.chosen.choice([signal.SIGKILL, signal.SIGTERM]), pid)
        self.hit[("supervisor" if first else "server") if worker else "control plane" if first else "verifier"] += 1

    def _victim(self) -> Kept:
        """Choose a server: any, but of the workers only the one that is down, and that one rarely."""
        server = self.chosen.choice([self._cluster.control, *self._cluster.workers])
        down = self._still_down()
        if down is None or server is self._cluster.control:
            return server
        return down if self.chosen.random() < DOWN_AGAIN else self._cluster.control

    def _still_down(self) -> Kept | None:
        if self._down is not None:
            server, starts = self._down
            up = server.is_ready and server.starts >= starts
            if up and self._cluster.answers(self._cluster.workers.index(server)):
                self._down = None
        return self._down and self._down[0]
