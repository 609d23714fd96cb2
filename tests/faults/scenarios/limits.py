"""Descriptors and memory that run out at run time, and peers that hold silent connections."""

from __future__ import annotations

import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.cluster import Cluster, Places, outcome, running, until
from tests.faults.outcome import Outcome, scenario

ROUNDS = 3
SILENT = 1500


@scenario
def descriptors_run_out(root: Path) -> Outcome:
    """Take all free descriptors from the processes of the first worker while models are deployed."""
    return _run_out(root, resource.RLIMIT_NOFILE, spare=0)


@scenario
def memory_runs_out(root: Path) -> Outcome:
    """Let the processes of the first worker map no more memory while models are deployed."""
    return _run_out(root, resource.RLIMIT_AS, spare=1 << 20)


def _run_out(root: Path, kind: int, spare: int) -> Outcome:
    """Lower a limit of the first worker to its present use plus ``spare``, several times, and lift it again."""
    with running(root) as (cluster, load):
        for number in range(ROUNDS):
            with _limited(cluster, kind, spare):
                cluster.deploy(f"during-{number}")
                time.sleep(1.0)
        after = cluster.deploy("after")
        heal = cluster.healed_in()
    problems = [] if after else [f"no deployment after the limit was lifted: {cluster.refused[-1]}"]
    return outcome(cluster, load, heal, ROUNDS, problems)


@scenario
def silent_connections(root: Path) -> Outcome:
    """Open more connections to a worker than it has descriptors, and keep them silent."""
    places = Places.under(root)
    with running(root, places) as (cluster, load):
        for pid in cluster.workers[0].members():
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, 1024))
        with _silent(cluster):
            during = cluster.deploy("during")
            time.sleep(5.0)
        heal = cluster.healed_in()
    problems = [] if during else [f"a deployment did not reach the worker: {cluster.refused[-1]}"]
    return outcome(cluster, load, heal, SILENT, problems)


@scenario
def catalog_lost(root: Path) -> Outcome:
    """Stop the control plane and remove its catalog: it does not start, and workers keep serving their models."""
    places = Places.under(root)
    with running(root, places) as (cluster, load):
        cluster.control.send(signal.SIGSTOP)  # its files are removed while it is idle
        backup = _backup(places.data)
        cluster.control.send(signal.SIGKILL)
        refused = until(lambda: "catalog.sqlite" in cluster.control.log(), 30)
        before = load.calls
        served = until(lambda: load.calls > before + 200, 60)
        for name, data in backup.items():
            (places.data / name).write_bytes(data)
        cluster.control.wait_ready()
        heal = cluster.healed_in()
        after = cluster.deploy("after")
    problems = [] if refused else ["the log does not say that the catalog is missing"]
    problems += [] if served else ["the workers did not keep serving while the control plane was rejected"]
    problems += [] if after else [f"no deployment after the catalog came back: {cluster.refused[-1]}"]
    return outcome(cluster, load, heal, 1, problems)


@contextmanager
def _limited(cluster: Cluster, kind: int, spare: int) -> Iterator[None]:
    """Limit the processes of the first worker to their present use and a little more."""
    before = {}
    for pid in cluster.workers[0].members():
        before[pid] = resource.prlimit(pid, kind)
        used = _descriptors(pid) if kind == resource.RLIMIT_NOFILE else _address_space(pid)
        resource.prlimit(pid, kind, (used + spare, before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            try:
                resource.prlimit(pid, kind, limits)
            except ProcessLookupError:
                continue  # the process was replaced


def _descriptors(pid: int) -> int:
    return max((int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()), default=0) + 1


def _address_space(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


@contextmanager
def _silent(cluster: Cluster) -> Iterator[None]:
    host, port = cluster.worker_address(0).rsplit(":", 1)
    opened: list[socket.socket] = []
    try:
        for _ in range(SILENT):
            peer = socket.socket()
            peer.settimeout(1.0)
            opened.append(peer)
            try:
                peer.connect((host, int(port)))
            except OSError:
                continue  # the server accepts no more
        yield
    finally:
        for peer in opened:
            peer.close()


def _backup(data: Path) -> dict[str, bytes]:
    """Move the files of the catalog away, and return them."""
    contents = {}
    for path in sorted(data.glob("catalog.sqlite*")):
        contents[path.name] = path.read_bytes()
        path.unlink()
    return contents
