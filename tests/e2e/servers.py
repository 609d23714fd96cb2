"""Real servers as processes, on free ports and in separate directories."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass
class Server:
    """A running server, with the fields of its ready line."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    @property
    def port(self) -> int:
        return self.facts["port"]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        """Kill it and all its children at once, as a power failure does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def rows(self) -> float:
        """Return the number of rows it has answered, from its metrics."""
        url = f"http://127.0.0.1:{self.facts['metrics_port']}/metrics"
        with urllib.request.urlopen(url, timeout=10) as page:
            text = page.read().decode()
        return sum(float(value) for value in re.findall(r"^pretzel_rows_total\{.*\} (\S+)$", text, re.MULTILINE))


@contextlib.contextmanager
def server(command: str, directory: Path, **settings: object) -> Iterator[Server]:
    """Start `pretzel COMMAND` with settings given as variables; stop it and its children at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    variables = {f"PRETZEL_{name.upper()}": str(value) for name, value in settings.items()}
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("pretzel"), command],
            cwd=directory,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield Server(process, ready(process, directory / "log"))
    finally:
        _stop(process)


def control_plane(directory: Path) -> contextlib.AbstractContextManager[Server]:
    """Start a control plane on a free port."""
    return server("control-plane", directory, data_dir=directory / "data", control_port=0, control_metrics_port=0)


def worker(directory: Path, control: Server, port: int = 0) -> contextlib.AbstractContextManager[Server]:
    """Start a worker with a separate cache."""
    settings = {"cache_dir": directory / "cache", "control_plane": control.address, "port": port, "metrics_port": 0}
    return server("worker", directory, **settings)


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def ready(process: subprocess.Popen[str], log: Path) -> dict[str, Any]:
    """Wait for the ready line, which is JSON."""
    deadline = time.monotonic() + READY_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            line = process.stdout.readline()
            if not line:
                break
            with contextlib.suppress(json.JSONDecodeError):
                return json.loads(line)
    raise AssertionError(f"{process.args}: not ready (exit {process.poll()})\n{log.read_text()[-4000:]}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    process.stdout.close()
