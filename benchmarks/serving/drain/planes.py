"""Control planes that are stopped while a worker watches, during a deployment, and while one waits for workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pretzel
from benchmarks.serving.drain.stops import ROUNDS, counted, stated, stopped
from benchmarks.serving.models import neighbors, small
from pretzel.errors import PretzelError
from pretzel.plan.definition import Definition

Line = tuple[str, str, str, str]


@dataclass
class Deployment:
    """A deployment on a thread; ``reached`` is set at a step of its progress."""

    address: str
    model: Definition
    step: str
    reached: threading.Event = field(default_factory=threading.Event)
    outcome: str = ""

    def run(self) -> None:
        """Deploy, and note how that ends."""
        with pretzel.ControlPlane(self.address) as plane:
            plane.models()
            try:
                version = plane.deploy("m", self.model, timeout=60, progress=self._look)
                self.outcome = f"deployed as version {version.version}"
            except PretzelError as error:
                self.outcome = type(error).__name__

    def _look(self, step: str, done: int, total: int) -> None:
        if step == self.step:
            self.reached.set()


class Planes:
    """A control plane and a worker that watches it; the control plane may be started again."""

    def __init__(self, directory: Path, running: contextlib.ExitStack) -> None:
        self._directory, self._running, self._port = directory, running, 0
        self.start()
        self._port = int(self.plane["port"])
        target = {"control_plane": self.address, "cache_dir": directory / "cache"}
        settings = {"port": 0, "metrics_port": 0, "http": "off"} | target
        self.watcher = running.enter_context(_server("data_plane", **settings))
        with pretzel.ControlPlane(self.address) as plane:
            plane.deploy("wine", small.wine_classifier())

    @property
    def address(self) -> str:
        """Return the address of the control plane, which stays the same."""
        return str(self.plane["address"])

    def start(self) -> None:
        """Start the control plane, as a supervisor does after its end."""
        settings = {"data_dir": self._directory / "data", "control_port": self._port, "control_metrics_port": 0}
        self.plane = self._running.enter_context(_server("control_plane", **settings))


@contextlib.contextmanager
def planes() -> Iterator[Planes]:
    """Run both planes in a directory of their own."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as running:
        yield Planes(Path(directory), running)


@contextlib.contextmanager
def _server(package: str, **settings: object) -> Iterator[dict[str, Any]]:
    variables = {f"PRETZEL_{name.upper()}": str(value) for name, value in (settings | {"log_level": "error"}).items()}
    command = [sys.executable, "-P", "-m", f"pretzel.{package}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | variables)
    try:
        assert process.stdout
        yield json.loads(process.stdout.readline()) | {"pid": process.pid}
    finally:
        process.terminate()
        process.wait(30)


def beside_a_watch() -> Line:
    """Stop control planes that do nothing but feed a worker."""
    exits = []
    for _ in range(ROUNDS):
        with planes() as both:
            exits.append(stopped(both.plane["pid"]))
    return "control plane, the watch of a worker", "", stated(exits), ""


def during(name: str, model: Definition, step: str, *, silent: bool = False) -> Line:
    """Stop control planes when a deployment is at a step; the worker hears nothing if it is ``silent``."""
    exits: list[float] = []
    outcomes: Counter[str] = Counter()
    for _ in range(ROUNDS):
        with planes() as both, _paused(both.watcher["pid"] if silent else None):
            deployment = Deployment(both.address, model, step)
            thread = threading.Thread(target=deployment.run)
            thread.start()
            deployment.reached.wait(60)
            exits.append(stopped(both.plane["pid"]))
            both.start()
            thread.join()
            outcomes[deployment.outcome] += 1
    return name, counted(outcomes), stated(exits), ""


@contextlib.contextmanager
def _paused(process: int | None) -> Iterator[None]:
    if process is not None:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        if process is not None:
            os.kill(process, signal.SIGCONT)


def lines() -> Iterator[Line]:
    """Yield the lines of the table."""
    yield beside_a_watch()
    slow = neighbors.definition()
    yield during("control plane, a deployment that compiles", slow, "compile")
    yield during("control plane, a deployment that waits for a worker", slow, "wait", silent=True)
