"""A server as a process group that is restarted whenever it ends, as by an init system."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
STOP_SECONDS = 30.0
PAUSE_SECONDS = 0.2
"""Seconds between the end of a server and its restart."""


class Kept:
    """One server on fixed ports; :meth:`close` ends it and its children."""

    def __init__(self, name: str, directory: Path, arguments: list[str], environment: dict[str, str] | None = None):
        directory.mkdir(parents=True, exist_ok=True)
        self.name, self.directory = name, directory
        self.starts = 0
        self.facts: dict[str, Any] = {}
        """The ready line of the newest start."""
        self._arguments, self.environment = arguments, dict(environment or {})
        """The environment is that of the next start."""
        self._ready, self._closing = threading.Event(), threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._keeper = threading.Thread(target=self._keep, name=name, daemon=True)
        self._keeper.start()

    def wait_ready(self, seconds: float = START_SECONDS) -> dict[str, Any]:
        """Return the fields of its ready line once it has printed one."""
        if not self._ready.wait(seconds):
            raise TimeoutError(f"{self.name} is not ready after {seconds} s; its log:\n{self.log()[-2000:]}")
        return self.facts

    @property
    def is_ready(self) -> bool:
        """True if the present process has printed its ready line."""
        return self._ready.is_set()

    def log(self) -> str:
        """Return its standard error so far."""
        return (self.directory / f"{self.name}.log").read_text(errors="replace")

    def members(self) -> list[int]:
        """Return its living processes, whatever group they are in, itself first."""
        process = self._process
        return [] if process is None else family_of(process.pid)

    def send(self, number: signal.Signals, pid: int | None = None) -> None:
        """Send a signal to one of its processes, by default the first."""
        process = self._process
        if process is not None:
            try:
                os.kill(pid or process.pid, number)
            except ProcessLookupError:
                pass  # it ended meanwhile

    def close(self) -> None:
        """Stop it, by SIGKILL if it does not end in time."""
        self._closing.set()
        self.send(signal.SIGTERM)
        self._keeper.join(STOP_SECONDS)
        process = self._process
        if process is not None and group_of(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        self._keeper.join(STOP_SECONDS)

    def _keep(self) -> None:
        while not self._closing.is_set():
            self._live()
            self._closing.wait(PAUSE_SECONDS)

    def _live(self) -> None:
        with (self.directory / f"{self.name}.log").open("a") as log:
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pretzel.cli", *self._arguments],
                env={**os.environ, **self.environment},
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        self.starts += 1
        assert process.stdout is not None
        line = process.stdout.readline()
        if line:
            self.facts = json.loads(line)
            self._ready.set()
        process.wait()
        self._ready.clear()
        _end_orphans(process.pid)


def family_of(first: int) -> list[int]:
    """Return a living process and its descendants."""
    living = list(_living())
    family = [pid for pid, _, _ in living if pid == first]
    for pid in family:  # grows meanwhile
        family += [child for child, parent, _ in living if parent == pid]
    return family


def group_of(leader: int) -> list[int]:
    """Return the living processes of a process group."""
    return [pid for pid, _, group in _living() if group == leader]


def _living() -> Iterator[tuple[int, int, int]]:
    """Yield each process that has not ended, with its parent and its group."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        state, parent, group = text.rsplit(") ", 1)[1].split()[:3]
        if state != "Z":
            yield int(text.split(" ", 1)[0]), int(parent), int(group)


def _end_orphans(leader: int) -> None:
    """Wait for the children of a dead leader, which exit on their own; an init system would kill the rest."""
    deadline = time.monotonic() + STOP_SECONDS
    while group_of(leader) and time.monotonic() < deadline:
        time.sleep(0.05)
    if group_of(leader):
        os.killpg(leader, signal.SIGKILL)
