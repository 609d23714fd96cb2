"""Files of every kind that are damaged, while servers are stopped and while they run."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from tests.faults.cluster import Cluster, Places, outcome, running, until
from tests.faults.damage import KINDS
from tests.faults.outcome import Outcome, scenario

LARGE = 12_000
"""Columns of a model whose parameters are separate files in a cache."""
SCRUB = ("--scrub-bytes-per-second=200000000",)
SCRUB_PASSED = "pretzel_scrub_passed_seconds"
SCRUB_SECONDS = 60.0
ROUNDS = 25


@scenario
def cache_damaged_while_running(root: Path) -> Outcome:
    """Damage the files of the first worker's cache in turn, while it serves from them."""
    places = Places.under(root)
    places.worker_options = SCRUB
    chosen, faults = random.Random(3), 0
    with running(root, places) as (cluster, load):
        _deploy_large(cluster)
        for number in range(ROUNDS):
            faults += _damage_one(places.caches[0], list(KINDS)[number % len(KINDS)], chosen)
            time.sleep(0.3)
        heal = cluster.healed_in()
        scrubbed = all(_scrubbed(cluster) for _ in range(2))  # processes keep serving from maps of removed files
        dropped = cluster.metric(0, "pretzel_damaged_objects_total")
    problems = [] if dropped >= 1 else ["no metric says that objects were damaged"]
    problems += [] if scrubbed else ["the cache was not read again in time"]
    return outcome(cluster, load, heal, faults, problems)


@scenario
def cache_damaged_while_stopped(root: Path) -> Outcome:
    """Stop the first worker, damage a file of its cache, and restart it."""
    places = Places.under(root)
    chosen, faults, heal = random.Random(4), 0, 0.0
    with running(root, places) as (cluster, load):
        _deploy_large(cluster)
        for kind in KINDS:
            _wait_ready(cluster)
            cluster.workers[0].send(signal.SIGSTOP)  # it must not end before its files are damaged
            faults += _damage_one(places.caches[0], kind, chosen)
            faults += _damage_one(places.caches[0], kind, chosen, "catalog")
            cluster.workers[0].send(signal.SIGKILL)
            time.sleep(1.0)
            heal = max(heal, cluster.healed_in())
    return outcome(cluster, load, heal, faults)


@scenario
def store_damaged_while_running(root: Path) -> Outcome:
    """Damage objects of the control plane, and give a worker an empty cache; lost models are deployed again."""
    places = Places.under(root)
    chosen, faults, heal = random.Random(5), 0, 0.0
    with running(root, places) as (cluster, load):
        for number in range(ROUNDS):
            faults += _damage_one(places.data / "objects", list(KINDS)[number % len(KINDS)], chosen)
        for name in list(cluster.models()):
            cluster.deploy(name, seed=int(name.rpartition("-")[2]))
        heal = cluster.healed_in()
    return outcome(cluster, load, heal, faults)


def _scrubbed(cluster: Cluster) -> bool:
    """Wait for the first worker to end a pass over its cache."""
    before = cluster.metric(0, SCRUB_PASSED)
    return until(lambda: cluster.metric(0, SCRUB_PASSED) > before, SCRUB_SECONDS)


def _deploy_large(cluster: Cluster) -> None:
    for number in range(3):
        assert cluster.deploy(f"large-{number}", LARGE), cluster.refused


def _damage_one(root: Path, kind: str, chosen: random.Random, name: str = "") -> int:
    """Damage a random file of a directory, or all of one name, and return their number."""
    files = sorted(path for path in root.rglob(name or "*") if path.is_file() and path.name != "lock")
    files = [path for path in files if not path.is_symlink()]
    if not files:
        return 0
    try:
        KINDS[kind](chosen.choice(files), chosen)
    except FileNotFoundError:  # the server has removed it meanwhile
        return 0
    return 1


def _wait_ready(cluster: Cluster) -> None:
    for worker in cluster.workers:
        worker.wait_ready()
