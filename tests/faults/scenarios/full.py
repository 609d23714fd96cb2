"""Disks that fill, are filled by others, and are freed again."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.cluster import Cluster, Places, outcome, running
from tests.faults.outcome import Outcome, scenario
from tests.helpers.disks import Disk, ext4, tmpfs

LARGE = 40_000
"""Columns of a model that takes about a megabyte."""
ROUNDS = 4
FILLS = 2
"""Times that a disk is filled with models, which takes minutes each."""
LARGE_MODELS = 28
"""More models than the disk can store."""


@scenario
def full_cache_on_ext4(root: Path) -> Outcome:
    """Fill the cache disk of one worker with models, repeatedly."""
    with ext4(root, 24) as disk:
        return _full_cache(root, disk)


@scenario
def full_cache_on_tmpfs(root: Path) -> Outcome:
    """The same where a hole of a full disk is SIGBUS."""
    with tmpfs(root / "memory", 24) as disk:
        return _full_cache(root, disk)


@scenario
def cache_disk_taken_by_others(root: Path) -> Outcome:
    """Another program takes all space of the cache disk while models are deployed, and frees it."""
    with ext4(root, 48) as disk:
        places = Places(root / "data", (disk.root / "cache", root / "cache-1"))
        with running(root, places) as (cluster, load):
            for number in range(ROUNDS):
                disk.fill()
                cluster.deploy(f"during-{number}", LARGE // 4)
                _base_is_served(cluster)
                disk.free()
                cluster.deploy(f"after-{number}")
            heal = cluster.healed_in()
        return outcome(cluster, load, heal, ROUNDS)


@scenario
def full_store(root: Path) -> Outcome:
    """Fill the control plane's disk: deployments are rejected, and accepted again when space is free."""
    with ext4(root, 32) as disk:
        places = Places(disk.root / "data", (root / "cache-0", root / "cache-1"))
        problems = []
        with running(root, places) as (cluster, load):
            for number in range(ROUNDS):
                disk.fill()
                if cluster.deploy(f"during-{number}", LARGE // 4):
                    problems.append("a deployment was acknowledged on a full disk")
                disk.free()
                if not cluster.deploy(f"after-{number}"):
                    problems.append(f"refused after space was freed: {cluster.refused[-1]}")
            heal = cluster.healed_in()
        return outcome(cluster, load, heal, ROUNDS, problems)


def _full_cache(root: Path, disk: Disk) -> Outcome:
    places = Places(root / "data", (disk.root / "cache", root / "cache-1"))
    problems = []
    with running(root, places) as (cluster, load):
        for number in range(FILLS):
            names = [f"large-{number}-{i}" for i in range(LARGE_MODELS)]
            for name in names:
                cluster.deploy(name, LARGE)
            if cluster.metric(0, "pretzel_models_held_back") < 1:
                problems.append("the disk is full, and no metric says that models are held back")
            if not cluster.deploy(f"small-{number}"):
                problems.append(f"a small model was not deployed next to large ones: {cluster.refused[-1]}")
            for name in names:
                cluster.delete(name)
        heal = cluster.healed_in()
    return outcome(cluster, load, heal, FILLS, problems)


def _base_is_served(cluster: Cluster) -> None:
    """Give callers time to call every model while the disk is full."""
    time.sleep(1.0)
