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

from tests.faults.cluster import DEPLOY_SECONDS, Cluster, outcome, running, until
from tests.faults.outcome import Outcome, scenario
from tests.faults.process import Kept

KILLS = 200
BETWEEN = 1.5
"""Mean seconds between two signals."""
LEAST = 10
"""Signals that each kind of process must receive."""
VERIFIER_SECONDS = 3.0
"""Longest wait for a control plane to start a verifier, which it does with its first deployment."""
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
    """Sends signals to random servers, each to the kind of its processes that was hit least.

    One worker is spared while the other is down or lacks the last acknowledged deployment, as clients need one that
    answers.
    """

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
            members = self._members(victim)
        worker = victim in self._cluster.workers
        names = ("supervisor", "server") if worker else ("control plane", "verifier")
        kinds = dict(zip(names, (members[:1], members[1:]), strict=True))
        kind = min((kind for kind, pids in kinds.items() if pids), key=self.hit.__getitem__)
        if worker:
            self._down = victim, victim.starts + (kind == "supervisor")
        victim.send(self.chosen.choice([signal.SIGKILL, signal.SIGTERM]), self.chosen.choice(kinds[kind]))
        self.hit[kind] += 1

    def _members(self, server: Kept) -> list[int]:
        """Return the processes of a server; a control plane gets a moment to start a verifier while few were hit."""
        if server is self._cluster.control and self.hit["verifier"] < 2 * LEAST:
            until(lambda: len(server.members()) > 1, self.chosen.uniform(0, VERIFIER_SECONDS))
        return server.members()

    def _victim(self) -> Kept:
        """Choose a server: any, but of the workers only the one that is down, and that one rarely."""
        server = self.chosen.choice([self._cluster.control, *self._cluster.workers])
        if server is self._cluster.control:
            return server
        down = self._still_down()
        if down is None:
            return server if self._is_dispensable(server) else self._cluster.control
        return down if self.chosen.random() < DOWN_AGAIN else self._cluster.control

    def _is_dispensable(self, worker: Kept) -> bool:
        """Return whether the other worker has the last deployment, which may be newer than its last restart."""
        return self._cluster.answers(1 - self._cluster.workers.index(worker))

    def _still_down(self) -> Kept | None:
        if self._down is not None:
            server, starts = self._down
            up = server.is_ready and server.starts >= starts
            if up and self._cluster.answers(self._cluster.workers.index(server)):
                self._down = None
        return self._down and self._down[0]
