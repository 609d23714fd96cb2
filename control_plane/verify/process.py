"""A child process, as its parent sees it: runs in a separate session, answers over pipes, is killed on timeout."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pretzel.control_plane.verify.job import LENGTH
from pretzel.errors import ExhaustedError, PretzelError, VerificationError
from pretzel.plan.encoding import decode

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_START_SECONDS = 60.0


class Child:
    """A process that answers jobs.  Not for several threads at once."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start the process; it warms up in the background."""
        self.jobs = 0
        self._warm = False
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | _ONE_THREAD,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin and self._process.stdout
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def ask(self, job: bytes, seconds: float) -> Any:
        """Send one job and return the answer.

        Raises:
            ExhaustedError: the answer did not arrive in time, or a limit ended the child.
            VerificationError: the child died, e.g. of a segmentation fault.
        """
        self.jobs += 1
        try:
            self._warm_up()
            deadline = time.monotonic() + seconds
            self._send(LENGTH.pack(len(job)) + job, deadline)
            return self._receive(deadline)
        except TimeoutError:
            raise ExhaustedError(f"verification: no answer within {seconds:g} s; deploy a smaller sample") from None
        except (EOFError, BrokenPipeError):
            raise self._cause_of_death() from None

    def kill(self) -> None:
        """Kill the process and its children; a caller that waits for its answer gets an error."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the process and close its pipes; not while another thread waits for an answer."""
        self.kill()
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout):
            if file:
                with suppress(OSError):
                    file.close()

    def _warm_up(self) -> None:
        if not self._warm:
            self._receive(time.monotonic() + _START_SECONDS)
            self._warm = True

    def _send(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            _await(self._in, select.POLLOUT, deadline)
            rest = rest[os.write(self._in, rest[:65536]) :]

    def _receive(self, deadline: float) -> Any:
        (size,) = LENGTH.unpack(self._read(LENGTH.size, deadline))
        return decode(self._read(size, deadline))

    def _read(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            _await(self._out, select.POLLIN, deadline)
            piece = os.read(self._out, count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _cause_of_death(self) -> PretzelError:
        """Wait for the imminent exit, and return its cause as an error."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return VerificationError("verification: the child closed its pipes")
        if code >= 0:
            return VerificationError(f"verification: the child ended with exit code {code}")
        match -code:
            case signal.SIGXCPU:
                return ExhaustedError("verification: the plan exceeded its limit of processor time")
            case signal.SIGALRM:
                return ExhaustedError("verification: the plan exceeded its time limit")
            case signal.SIGKILL:
                return ExhaustedError("verification: the child was killed, as when the machine runs out of memory")
        name = signal.Signals(-code).name
        return VerificationError(f"verification: running the plan ended its process with {name}; report this plan")


def _await(descriptor: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError
