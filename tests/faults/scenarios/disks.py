"""Disks that are slow, and disks on which calls fail, under the cache of a worker and under the store."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

from tests.faults.cluster import Cluster, Places, outcome, running, until
from tests.faults.outcome import Outcome, scenario
from tests.helpers.interposed import ALL, HALF, Faults

SLOW = "slow:200"
CALLS = ("read", "write", "allocate", "fsync", "syncdir")
FAILURES = (
    ("open", errno.EIO),
    ("read", errno.EIO),
    ("write", errno.EIO),
    ("write", errno.ENOSPC),
    ("write", "short"),
    ("allocate", errno.ENOSPC),
    ("fsync", errno.EIO),
    ("fsync", errno.ENOSPC),
    ("syncdir", errno.EIO),
    ("rename", errno.EIO),
)
OF_THE_CATALOG = ("disk I/O", "is full", "check its disk")
"""Messages of SQLite errors, which do not contain the error number."""
WIDE = 3000
"""Columns of a model whose parameters are separate files in a cache."""
HEAL_SECONDS = 60.0
HALVES = 5
DURING_SECONDS = 15.0
"""Seconds for which a deployment is retried while calls fail."""


@scenario
def slow_cache_disk(root: Path) -> Outcome:
    """Let each call on the cache disk of one worker take 200 ms longer while models are deployed."""
    places, faults = _cache(root)
    return _slow(root, places, faults, "/cache-0")


@scenario
def slow_store_disk(root: Path) -> Outcome:
    """The same on the disk of the control plane."""
    places, faults = _store(root)
    return _slow(root, places, faults, "/data")


@scenario
def failing_cache_disk(root: Path) -> Outcome:
    """Make each kind of call fail in turn on the cache disk of one worker, while a process of it starts."""
    places, faults = _cache(root)
    return _failing(root, places, faults, "/cache-0")


@scenario
def failing_store_disk(root: Path) -> Outcome:
    """The same on the disk of the control plane."""
    places, faults = _store(root)
    return _failing(root, places, faults, "/data")


@scenario
def half_failing_store(root: Path) -> Outcome:
    """Make every second call of each kind fail in the object store at the same time."""
    places, faults = _store(root)
    problems: list[str] = []
    kinds = ("open", "read", "write", "fsync", "rename")
    with running(root, places) as (cluster, load):
        with faults.failing(*((call, errno.EIO, HALF, "/data/objects") for call in kinds)):
            for number in range(HALVES):
                if not cluster.deploy(f"during-{number}", WIDE, timeout=DURING_SECONDS):
                    problems += _unreported(cluster, "half of the calls", errno.EIO)
        heal = cluster.healed_in()
        if not cluster.deploy("after"):
            problems.append(f"rejected after the fault ended: {cluster.refused[-1]}")
        problems += _not_well(cluster)
        failed = faults.met()
    return outcome(cluster, load, heal, failed, problems)


def _cache(root: Path) -> tuple[Places, Faults]:
    places, faults = Places.under(root), Faults(root / "faults")
    places.worker_environment = faults.environment
    places.worker_options = ("--scrub-bytes-per-second=200000000",)
    return places, faults


def _store(root: Path) -> tuple[Places, Faults]:
    places, faults = Places.under(root), Faults(root / "faults")
    places.control_environment = faults.environment
    return places, faults


def _slow(root: Path, places: Places, faults: Faults, part: str) -> Outcome:
    problems = []
    with running(root, places) as (cluster, load):
        with faults.failing(*((call, SLOW, ALL, part) for call in CALLS)):
            for number in range(3):
                if not cluster.deploy(f"during-{number}", WIDE):
                    problems.append(f"refused on a slow disk: {cluster.refused[-1]}")
            slowed = faults.met()
        heal = cluster.healed_in()
        problems += _not_well(cluster)
    return outcome(cluster, load, heal, slowed, problems)


def _failing(root: Path, places: Places, faults: Faults, part: str) -> Outcome:
    problems: list[str] = []
    heal = 0.0
    with running(root, places) as (cluster, load):
        for number, (call, error) in enumerate(FAILURES):
            with faults.failing((call, error, ALL, part)):
                os.kill(cluster.workers[0].members()[-1], signal.SIGKILL)  # its successor reads the cache
                if not cluster.deploy(f"during-{number}", WIDE, timeout=DURING_SECONDS):
                    problems += _unreported(cluster, f"{call} {error}", error)
            heal = max(heal, cluster.healed_in())
            print(f"   {call} {error}: {faults.met(call)} calls so far", flush=True)
            if not cluster.deploy(f"after-{number}"):
                problems.append(f"{call} {error}: rejected after the fault ended: {cluster.refused[-1]}")
            problems += _not_well(cluster)
        failed = faults.met()
    return outcome(cluster, load, heal, failed, problems)


def _unreported(cluster: Cluster, fault: str, error: int | str) -> list[str]:
    """Return the problem of a rejection: it must name the error, or workers must be reported as unhealthy."""
    reason = cluster.refused[-1]
    print(f"   {fault}: {reason[:300]}", flush=True)
    named = isinstance(error, int) and any(said in reason for said in (os.strerror(error), *OF_THE_CATALOG))
    if named or until(lambda: not cluster.is_well("pretzel.workers"), 5):
        return []
    return [f"{fault}: neither the refusal nor the health of the workers names it: {reason}"]


def _not_well(cluster: Cluster) -> list[str]:
    """Return the conditions that are still unhealthy, and models that are still held back."""
    names = ("pretzel.store", "pretzel.workers")
    unhealthy = [name for name in names if not until(lambda name=name: cluster.is_well(name), HEAL_SECONDS)]  # type: ignore[misc]
    held = until(lambda: cluster.metric(0, "pretzel_models_held_back") == 0, HEAL_SECONDS)
    return [f"{name} is not SERVING again" for name in unhealthy] + ([] if held else ["models are still held back"])
