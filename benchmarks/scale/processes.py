"""`pretzel up` as a subprocess: its processes, their memory, and restarts of its worker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

HEALTH = "/grpc.health.v1.Health/Check"
SERVING = b"\x08\x01"
START_SECONDS = 120.0
MIB = 1 << 20


@dataclass(frozen=True)
class Up:
    """A running `pretzel up`."""

    pid: int
    control: str
    predictions: str

    def processes(self) -> dict[int, str]:
        """Return the role of each process, itself included."""
        return {pid: role_of(pid) for pid in descendants(self.pid)}

    def pss(self) -> dict[str, float]:
        """Return MiB of memory by role; pages that processes share are split among them."""
        sums: dict[str, float] = {}
        for pid, role in self.processes().items():
            with contextlib.suppress(OSError):  # it has just ended
                sums[role] = sums.get(role, 0.0) + pss_of(pid) / MIB
        return sums

    def pid_of(self, role: str) -> int:
        """Return the first process of a role."""
        return next(pid for pid, its in sorted(self.processes().items()) if its == role)

    def restart_worker(self) -> float:
        """Kill the worker, and return the seconds from the start of the next one until it serves."""
        old = self.pid_of("supervisor")
        os.kill(old, signal.SIGKILL)
        end = time.monotonic() + START_SECONDS
        while old in (found := self.processes()) or "supervisor" not in found.values():
            if time.monotonic() > end:
                raise TimeoutError("the worker was not started again")
            time.sleep(0.01)
        started = time.monotonic()
        wait_until_serving(self.predictions)
        return time.monotonic() - started


@contextlib.contextmanager
def up(directory: Path, budget: int) -> Iterator[Up]:
    """Start `pretzel up` over a directory, and stop it afterwards; ``budget`` in bytes."""
    options = ["--json", "--port=0", "--control-port=0", "--metrics-port=0", "--http=off", "--log-level=error"]
    options += [f"--data-dir={directory}", f"--memory-budget={budget}"]
    command = [sys.executable, "-P", "-m", "pretzel.cli", "up", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        if "console" in ready:  # its socket listens before it runs
            urllib.request.urlopen(ready["console"], timeout=START_SECONDS).read()
        yield Up(process.pid, ready["control"], ready["predictions"])
    finally:
        process.terminate()
        process.wait(60)


def wait_until_serving(target: str) -> None:
    """Return once a server says that it serves."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with grpc.insecure_channel(target) as channel, contextlib.suppress(grpc.RpcError):
            if channel.unary_unary(HEALTH)(b"", timeout=1) == SERVING:
                return
        time.sleep(0.01)
    raise TimeoutError(f"{target} does not serve after {START_SECONDS:.0f} s")


def descendants(root: int) -> list[int]:
    """Return a process and all that it started, directly or not."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def role_of(pid: int) -> str:
    """Return what a process of `pretzel up` does."""
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        for word, role in ROLES.items():
            if word in command:
                return role
    return "other"


ROLES = {
    "pretzel.data_plane.serve": "serving",
    "pretzel.control_plane.verify.child": "verifier",
    "worker": "supervisor",
    "control-plane": "control plane",
    "console": "console",
    "up": "up",
}


def pss_of(pid: int) -> int:
    """Return the bytes of a process, a page that n processes share counted as one n-th."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def processor_seconds(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
