"""The zygote of one environment as its server sees it: started afresh, it forks side processes and ends them."""

from __future__ import annotations

import array
import json
import os
import select
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pretzel.errors import UnavailableError
from pretzel.isolation.environments import Interpreter
from pretzel.isolation.limits import SideLimits

ANSWER_SECONDS = 10.0
"""Longest time of a fork, or of an end."""
_ROOM = str(Path(__file__).parent)
_START = "import sys; sys.path.insert(0, sys.argv[2]); from side.zygote import main; del sys.path[0]; main()"
VARIABLES = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"),
    "LOKY_MAX_CPU_COUNT": "1",
    "JOBLIB_MULTIPROCESSING": "0",
    "LANG": "C.UTF-8",
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # its own reserves a gigabyte of addresses, which are limited
    "HOME": "/nonexistent",
    "PATH": "/usr/bin:/bin",
}
"""The whole environment of side processes: nothing of the server's, and one thread for libraries of arrays."""


class Zygote:
    """A running zygote.  Thread-safe.

    One that does not answer in time is killed with its side processes: its late answer, such as 0 or -9, would be taken
    for the process id of another one, which gets signals.
    """

    def __init__(self, interpreter: Interpreter, packages: Sequence[str], limits: SideLimits) -> None:
        """Start it; the modules of ``packages`` are imported before the first fork.

        Raises:
            UnavailableError: it cannot be started now.
        """
        self._directory = tempfile.TemporaryDirectory(prefix="pretzel-python-")
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self.children = 0
        """Side processes that were forked and not ended."""
        setup = {
            "packages": list(packages),
            "paths": list(interpreter.paths),
            "limits": limits.as_setup(),
            "directory": self._directory.name,
        }
        command = [interpreter.executable, "-I", "-c", _START, str(theirs.fileno()), _ROOM]
        null = subprocess.DEVNULL
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command, stdin=null, stdout=null, stderr=null, env=VARIABLES, pass_fds=[theirs.fileno()], cwd="/"
                )
            self._link.send(json.dumps(setup).encode())
            self.lacking: str = json.loads(self._heard(limits.start_seconds))["lacking"]
            """Why it has no namespaces of its own; empty if it has."""
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise UnavailableError(f"a side process for Python stages cannot be started now ({error}); retry") from None

    def fork(self, link: socket.socket, inbox: int, outbox: int) -> int:
        """Fork a side process with a socket and two memories, and return its process id.

        Raises:
            UnavailableError: the machine is short of processes or memory.
        """
        descriptors = array.array("i", [link.fileno(), inbox, outbox])
        with self._lock:
            try:
                self._link.sendmsg([b"fork"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
                pid = int(self._heard(ANSWER_SECONDS))
            except (OSError, EOFError, ValueError) as error:
                self._process.kill()
                raise UnavailableError(f"no side process can be forked now ({error}); retry") from None
            self.children += 1
            return pid

    def end(self, pid: int) -> int:
        """Kill a side process, and return its exit code, negative for a signal; 0 if unknown."""
        with self._lock:
            self.children -= 1
            try:
                self._link.send(b"end %d" % pid)
                return int(self._heard(ANSWER_SECONDS))
            except (OSError, EOFError, ValueError):
                self._process.kill()
                return 0

    @property
    def alive(self) -> bool:
        """Return whether it runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it with its side processes."""
        self._link.close()
        process = getattr(self, "_process", None)
        if process is not None:
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with suppress(OSError):
            self._directory.cleanup()

    def _heard(self, seconds: float) -> bytes:
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        if not poll.poll(seconds * 1000):
            raise TimeoutError(f"the zygote did not answer within {seconds:g} s")
        data = self._link.recv(1 << 16)
        if not data:
            raise EOFError("the zygote ended")
        return data


def memory(name: str) -> int:
    """Return the descriptor of new shared memory, without bytes."""
    return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
