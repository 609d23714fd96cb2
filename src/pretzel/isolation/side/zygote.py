"""The zygote of one environment: it imports the packages once, and forks side processes.  It has one thread.

It runs no foreign code: it reads commands from its server, and never what a side process sends.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import importlib.metadata
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Any

from .confine import leave_namespaces
from .serve import loaded, run_fork

FORK, END = b"fork", b"end "
NICE = 10
"""Niceness of side processes: code that never ends yields its core to the server."""


def main() -> None:
    """Fork and end side processes as the server says, until it closes the socket."""
    link = socket.socket(fileno=int(sys.argv[1]))
    setup = loaded(link.recv(1 << 16))
    os.nice(NICE)
    lacking = leave_namespaces()
    sys.path[:0] = setup["paths"]
    for name in ["numpy", "cloudpickle", *(name for package in setup["packages"] for name in _modules(package))]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    link.send(json.dumps({"lacking": lacking}).encode())
    children: set[int] = set()
    while command := _received(link):
        kind, descriptors = command
        if kind == FORK:
            pid = _forked(link, descriptors, setup)
            children.add(pid)
            link.send(str(pid).encode())
        elif kind.startswith(END):
            link.send(str(_ended(int(kind[len(END) :]), children)).encode())
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)  # the libraries have nothing to tidy up


def _modules(package: str) -> list[str]:
    """Return the top-level modules of an installed package."""
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return []
    listed = (distribution.read_text("top_level.txt") or "").split()
    files = distribution.files or ()
    found = listed or sorted({file.parts[0] for file in files if file.parts[1:] == ("__init__.py",)})
    return [name for name in found if not name.startswith("_")]


def _received(link: socket.socket) -> tuple[bytes, list[int]] | None:
    """Return the next command and its descriptors."""
    received = array.array("i")
    data, ancillary, _, _ = link.recvmsg(256, socket.CMSG_SPACE(3 * received.itemsize))
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            received.frombytes(content[: len(content) - len(content) % received.itemsize])
    return (data, list(received)) if data else None


def _forked(link: socket.socket, descriptors: list[int], setup: Mapping[str, Any]) -> int:
    """Fork a side process with three descriptors: its socket, and the memory of calls and of answers."""
    pid = os.fork()
    if pid == 0:
        link.close()
        own, inbox, outbox = descriptors
        run_fork(socket.socket(fileno=own), inbox, outbox, setup)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _ended(pid: int, children: set[int]) -> int:
    """Kill a side process, and return its exit code, negative for a signal."""
    if pid not in children:
        return 0
    children.remove(pid)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
