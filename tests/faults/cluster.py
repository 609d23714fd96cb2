"""A control plane and two workers under load, with a record of the acknowledged changes."""

from __future__ import annotations

import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc

import pretzel
from pretzel.errors import PretzelError
from tests.faults.load import Expected, Load, expected
from tests.faults.outcome import Outcome
from tests.faults.process import Kept

HEAL_SECONDS = 120.0
DEPLOY_SECONDS = 60.0
PORTS = (20_000, 32_000)


@dataclass
class Places:
    """Directories of the parts of a cluster, and variables for their processes."""

    data: Path
    caches: tuple[Path, Path]
    control_environment: dict[str, str] = field(default_factory=dict)
    worker_environment: dict[str, str] = field(default_factory=dict)
    """Of the first worker; the second stays healthy, as clients need one that is."""
    worker_options: tuple[str, ...] = ()

    @classmethod
    def under(cls, root: Path) -> Places:
        """Return places below one directory."""
        return cls(root / "data", (root / "cache-0", root / "cache-1"))


class Cluster:
    """The servers, and the outcomes that clients got."""

    def __init__(self, root: Path, places: Places) -> None:
        self.places = places
        self._ports = free_ports(6)
        control, metrics = self._ports[:2]
        arguments = ["control-plane", f"--data-dir={places.data}", f"--port={control}", f"--metrics-port={metrics}"]
        self.control = Kept("control", root, arguments, places.control_environment)
        self.control.wait_ready()
        self.workers = [self._worker(root, number) for number in range(2)]
        for worker in self.workers:
            worker.wait_ready()
        self._lock = threading.Lock()
        self._acknowledged: dict[str, Expected] = {}
        self.refused: list[str] = []
        """Deployments that ended in an error, each with its message."""

    def _worker(self, root: Path, number: int) -> Kept:
        port, metrics = self._ports[2 + 2 * number : 4 + 2 * number]
        arguments = [
            "worker",
            f"--cache-dir={self.places.caches[number]}",
            f"--port={port}",
            f"--metrics-port={metrics}",
            "--http=off",
            f"--control-plane=127.0.0.1:{self._ports[0]}",
            "--workers=2",
            f"--worker=worker-{number}",
            "--cache-grace-seconds=1",
            *(self.places.worker_options if number == 0 else ()),
        ]
        return Kept(f"worker-{number}", root, arguments, self.places.worker_environment if number == 0 else None)

    @property
    def address(self) -> str:
        """Both workers, as a client address."""
        return f"ipv4:127.0.0.1:{self._ports[2]},127.0.0.1:{self._ports[4]}"

    @property
    def control_address(self) -> str:
        """Address of the control plane."""
        return f"127.0.0.1:{self._ports[0]}"

    def worker_address(self, number: int) -> str:
        """Return the address of one worker."""
        return f"127.0.0.1:{self._ports[2 + 2 * number]}"

    def models(self) -> dict[str, Expected]:
        """Return the models with an acknowledged deployment that have not been deleted."""
        with self._lock:
            return dict(self._acknowledged)

    def deploy(self, name: str, padding: int = 0, seed: int | None = None, timeout: float = DEPLOY_SECONDS) -> bool:
        """Deploy a new pipeline under a name, and return whether it was acknowledged."""
        known = expected(zlib.crc32(name.encode()) if seed is None else seed, padding)
        try:
            with pretzel.ControlPlane(self.control_address, timeout=timeout) as plane:
                plane.deploy(name, known.estimator, sample=known.rows)
        except PretzelError as error:
            self.refused.append(f"{name}: {error!r}")
            return False
        with self._lock:
            self._acknowledged[name] = known
        return True

    def delete(self, name: str) -> None:
        """Delete a model after callers have stopped calling it."""
        with self._lock:
            self._acknowledged.pop(name, None)
        with pretzel.ControlPlane(self.control_address, timeout=DEPLOY_SECONDS) as plane:
            plane.delete(name, force=True)

    def metric(self, number: int, name: str) -> float:
        """Return the sum of a metric of one worker over its labels; -1 if it cannot be read."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[3 + 2 * number]}/metrics", timeout=5) as page:
                text = page.read().decode()
        except OSError:
            return -1.0
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))

    def healed_in(self) -> float:
        """Return the seconds until each worker alone answers every acknowledged model correctly.

        Raises:
            AssertionError: one does not in time; the message names the first model.
        """
        start = time.monotonic()
        for number in range(2):
            self._heal(number, start + HEAL_SECONDS)
        return time.monotonic() - start

    def _heal(self, number: int, deadline: float) -> None:
        remaining, problem = self.models(), ""
        while remaining:
            assert time.monotonic() < deadline, f"worker {number}, not healed: {len(remaining)} models, {problem}"
            with pretzel.Client(self.worker_address(number), timeout=5) as client:
                for name, known in list(remaining.items()):
                    problem = _problem(client, name, known)
                    if problem:
                        time.sleep(0.2)
                        break
                    del remaining[name]

    def answers(self, number: int) -> bool:
        """Return whether one worker alone answers the last acknowledged model."""
        name, known = list(self.models().items())[-1]
        with pretzel.Client(self.worker_address(number), timeout=2) as client:
            return not _problem(client, name, known)

    def fsck(self) -> list[str]:
        """Return the findings of `pretzel fsck` in the files of a closed cluster."""
        findings = []
        for option in (f"--data-dir={self.places.data}", *(f"--cache={cache}" for cache in self.places.caches)):
            command = [sys.executable, "-P", "-m", "pretzel.cli", "fsck", option]
            run = subprocess.run(command, capture_output=True, text=True, timeout=HEAL_SECONDS, check=False)
            if run.returncode:
                findings.append(f"{option}: {run.stdout.strip()} {run.stderr.strip()}")
        return findings

    def is_well(self, condition: str) -> bool:
        """Return whether the control plane reports a condition, `pretzel.store` or `pretzel.workers`, as healthy."""
        request = health_pb2.HealthCheckRequest(service=condition)
        with grpc.insecure_channel(self.control_address) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=10, wait_for_ready=True)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def close(self) -> None:
        """Stop everything."""
        for server in (*self.workers, self.control):
            server.close()


def _problem(client: pretzel.Client, name: str, known: Expected) -> str:
    try:
        answers = client.predict_proba(name, known.rows)
    except PretzelError as error:
        return f"{name}: {error!r}"
    return "" if np.allclose(answers, known.answers, rtol=1e-6, atol=1e-9) else f"{name}: wrong answer"


@contextmanager
def running(root: Path, places: Places | None = None, models: int = 6) -> Iterator[tuple[Cluster, Load]]:
    """Run a cluster with some models under load, and stop it."""
    cluster = Cluster(root, places or Places.under(root))
    with ExitStack() as stack:
        stack.callback(cluster.close)
        for number in range(models):
            assert cluster.deploy(f"base-{number}", seed=number), cluster.refused
        load = stack.enter_context(Load(cluster.address, cluster.models))
        yield cluster, load


def outcome(cluster: Cluster, load: Load, heal: float, faults: int, problems: Sequence[str] = ()) -> Outcome:
    """Return the outcome of a scenario whose cluster is closed."""
    problems_left = [*problems, *load.problems[:3], *cluster.fsck()]
    return Outcome(load.calls, load.lost, load.wrong, heal, faults, problems_left)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, and return whether it held in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_ports(count: int) -> list[int]:
    """Return free ports below those that the kernel gives to clients, which could take one while a server is down."""
    ports: list[int] = []
    for port in random.sample(range(*PORTS), PORTS[1] - PORTS[0]):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            break
    return ports
