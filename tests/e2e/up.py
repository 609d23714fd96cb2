"""`pretzel up` as a separate process, and its remaining processes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pretzel
from pretzel.cli import main
from tests.e2e.servers import ready

PATIENCE = 60.0
PRETZEL = Path(sys.executable).with_name("pretzel")


@dataclass
class Up:
    """A running `pretzel up`, with the fields of its ready line."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    def client(self) -> pretzel.Client:
        return pretzel.Client(self.facts["predictions"], timeout=PATIENCE)

    def plane(self) -> pretzel.ControlPlane:
        return pretzel.ControlPlane(self.facts["control"], timeout=PATIENCE)

    def run(self, *arguments: object, code: int = 0) -> Any:
        """Run a command against it, and return the JSON that it prints."""
        addresses = {"PRETZEL_SERVER": self.facts["predictions"], "PRETZEL_CONTROL_PLANE": self.facts["control"]}
        out, err = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, addresses), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = main([*map(str, arguments), "--json"])
        assert ended == code, err.getvalue()
        if code and not out.getvalue():
            return json.loads(err.getvalue())["error"]
        if arguments[0] == "predict":
            return [json.loads(line) for line in out.getvalue().splitlines()]
        return json.loads(out.getvalue())


@contextlib.contextmanager
def started(directory: Path, *options: str) -> Iterator[Up]:
    """Start `pretzel up` on free ports; end it and its children at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    ports = [] if any(option.startswith("--port") for option in options) else ["--port=0", "--control-port=0"]
    command = [str(PRETZEL), "up", "--json", *ports, "--metrics-port=0", f"--data-dir={directory}/data", *options]
    with (directory / "log").open("a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    try:
        yield Up(process, ready(process, directory / "log"))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        process.stdout.close()


def until(condition: Callable[[], Any], what: str) -> Any:
    """Return the value of a condition once it holds, within a bounded time."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not after {PATIENCE} seconds"
        time.sleep(0.05)
    return value


def descendants(pid: int) -> dict[int, str]:
    """Return all descendants of a process, with their command lines."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
    commands, queue = {}, [pid]
    while queue:
        parent = queue.pop()
        for child in [child for child, its_parent in parents.items() if its_parent == parent]:
            with contextlib.suppress(OSError):
                commands[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
                queue.append(child)
    return commands


def alive(pids: Any) -> list[int]:
    states = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            states[pid] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return [pid for pid, state in states.items() if state != "Z"]


def answers(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0
