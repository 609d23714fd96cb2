"""Processes of servers: their processor time, their memory, and their end; and the memory that is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 10.0


def family(process: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [process]
    for parent in found:
        found.extend(children.get(parent, ()))
    return found


def parent_of(process: int) -> int:
    """Return the parent of a process."""
    return int(_stat(process)[1])


def seconds_of(process: int) -> float:
    """Return the processor seconds of a process, its descendants, and those of them that have ended."""
    return sum(sum(map(int, fields[11:15])) for p in family(process) if (fields := _stat(p))) / TICK


def memory_of(process: int) -> int:
    """Return the proportional set size of a process and its descendants in bytes."""
    return sum(map(_pss, family(process)))


def available_bytes() -> int:
    """Return the memory that programs can still take."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 1 << 62


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and its descendants, each by its number, and wait for it."""
    members = {member: _started(member) for member in family(process.pid)[1:]}
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for member, started in members.items():
        if started and _started(member) == started:  # the number may be another process's by now
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
    end = time.monotonic() + STOP_SECONDS
    while any(started and _started(m) == started for m, started in members.items()) and time.monotonic() < end:
        time.sleep(0.01)


def _started(process: int) -> str:
    """Return the time at which a process started; empty if it has ended."""
    fields = _stat(process)
    return fields[19] if fields and fields[0] != "Z" else ""


def _stat(process: int) -> list[str]:
    """Return the fields of Linux from the state on; none if the process has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def _pss(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
