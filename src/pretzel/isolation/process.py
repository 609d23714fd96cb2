"""One side process as its server sees it: opens one object, answers calls, and is killed when its time is over."""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from pretzel.errors import CancelledError, DeadlineError, PretzelError, StageError
from pretzel.isolation.limits import SideLimits
from pretzel.isolation.side import messages
from pretzel.isolation.waiting import SLICE
from pretzel.isolation.zygote import Zygote, memory

KEPT = 1 << 20
"""Bytes of shared memory that stay allocated between calls."""
_SEAL = 1  # F_SEAL_SEAL: the process cannot keep the server from writing its calls
_SEALS = 1 | 2 | 4  # F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW: the answer cannot be cut off while it is read
_PUNCH = 1 | 2  # FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
ENDS = {
    signal.SIGSEGV: "it read or wrote memory that it does not have (SIGSEGV)",
    signal.SIGABRT: "it aborted (SIGABRT)",
    signal.SIGXCPU: "it used more processor time than it may (SIGXCPU)",
    signal.SIGKILL: "it closed its socket, or was killed",
    signal.SIGSYS: "it called the system in a way that is not allowed (SIGSYS)",
}


class Crash(StageError):
    """The process ended, or broke the protocol: it is gone."""


class Overrun(StageError):
    """A call took longer than a call may."""


class SideProcess:
    """A forked process with one object.  Not for several threads at once."""

    def __init__(self, zygote: Zygote, limits: SideLimits) -> None:
        """Fork it.

        Raises:
            UnavailableError: the machine is short of processes or memory.
        """
        self._zygote, self._limits = zygote, limits
        self.calls, self.seconds = 0, 0.0
        self._inbox, self._outbox = memory("calls"), memory("answers")
        os.ftruncate(self._outbox, limits.file_bytes)
        fcntl.fcntl(self._inbox, fcntl.F_ADD_SEALS, _SEAL)
        fcntl.fcntl(self._outbox, fcntl.F_ADD_SEALS, _SEALS)
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid, self._closed, self.namespaces = 0, False, zygote.lacking
        try:
            with theirs:
                self.pid = zygote.fork(theirs, self._inbox, self._outbox)
        except PretzelError:
            self.close()
            raise

    def open(self, spec: Mapping[str, Any], code: bytes | memoryview) -> Mapping[str, str]:
        """Send the object, and return why parts of the confinement are lacking, before the object is unpickled.

        Raises:
            StageError: it cannot be unpickled.
        """
        deadline = time.monotonic() + self._limits.start_seconds
        kind, header, _ = self._answer(deadline, None, 0.0)
        if kind != b"conf":
            raise StageError(f"its process cannot be confined: {text_of(header)}")
        lacking: Mapping[str, str] = header["lacking"]
        self._spec, self._code = spec, code
        return lacking

    def unpickle(self) -> None:
        """Let it unpickle its object."""
        deadline = time.monotonic() + self._limits.start_seconds
        self._send(b"open", messages.write(self._inbox, self._spec, (), self._code))
        kind, header, _ = self._answer(deadline, None, 0.0)
        self._code = b""
        if kind != b"open":
            raise StageError(f"the object cannot be unpickled: {text_of(header)}")
        self._pause()

    def call(
        self, columns: Sequence[messages.Column], rows: int, deadline: float, token: Any
    ) -> tuple[bytes, Mapping[str, Any], list[np.ndarray]]:
        """Return the kind, the header and the arrays of the answer to a call.

        Raises:
            DeadlineError, CancelledError: the request ended first, and the process was killed.
            Overrun: the call took too long, and the process was killed.
            Crash: the process ended.
        """
        start = time.monotonic()
        self._signal(signal.SIGCONT)
        self.calls += 1
        self._send(b"call", messages.write(self._inbox, {"rows": rows}, columns))
        own = start + self._limits.seconds
        try:
            answer = self._answer(min(own, deadline) if deadline else own, token, deadline)
        finally:
            self.seconds += time.monotonic() - start
        self._pause()
        return answer

    @property
    def is_spent(self) -> bool:
        """Return whether it should be replaced, or has ended with its zygote."""
        return not self._zygote.alive or self.calls >= self._limits.calls or self.seconds > self._limits.cpu / 2

    def close(self) -> int:
        """Kill it, and return its exit code; once."""
        if self._closed:
            return 0
        self._closed = True
        code = self._zygote.end(self.pid) if self.pid else 0
        self._link.close()
        os.close(self._inbox)
        os.close(self._outbox)
        return code

    def _pause(self) -> None:
        """Stop it until its next call: threads that it left behind must not take time from others."""
        self._signal(signal.SIGSTOP)
        self._trim()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # until its zygote has waited for it, its id names no other process
            os.kill(self.pid, number)

    def _send(self, kind: bytes, length: int) -> None:
        with suppress(OSError):  # it is dead, which reading its answer shows
            self._link.send(messages.NOTE.pack(kind, length))

    def _answer(self, until: float, token: Any, deadline: float) -> tuple[bytes, Mapping[str, Any], list[np.ndarray]]:
        """Wait for an answer without the GIL, and read it."""
        self._wait(until, token, deadline)
        try:
            note = self._link.recv(messages.NOTE.size + 1, socket.MSG_DONTWAIT)
            kind, length = messages.NOTE.unpack(note)
            header, arrays = messages.read(self._outbox, length, self._limits.file_bytes)
        except Exception as error:  # it may write anything
            raise self._crash(error) from None
        return kind, header, arrays

    def _wait(self, until: float, token: Any, deadline: float) -> None:
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            if poll.poll(min(left, SLICE) * 1000):
                return
            if token is not None and getattr(token, "cancelled", False):
                raise CancelledError("the caller cancelled, and the side process was killed")
        if deadline and until >= deadline:
            raise DeadlineError(
                "the deadline passed in a Python stage, whose process was killed; retry with a longer one"
            )
        raise Overrun(f"it took longer than {self._limits.seconds:g} s (python_seconds)")

    def _crash(self, error: Exception) -> Crash:
        code = self.close()
        if code < 0:
            names = {int(number): text for number, text in ENDS.items()}
            return Crash(names.get(-code, f"its process was ended by {signal.Signals(-code).name}"))
        return Crash(f"its process ended with exit code {code}" if code else f"it broke the protocol ({error})")

    def _trim(self) -> None:
        """Give back the memory of large calls and answers."""
        if os.fstat(self._inbox).st_size > KEPT:
            os.ftruncate(self._inbox, 0)
        if os.fstat(self._outbox).st_blocks * 512 > KEPT:
            size = ctypes.c_long(self._limits.file_bytes)
            ctypes.CDLL(None).fallocate(self._outbox, _PUNCH, ctypes.c_long(0), size)


def text_of(header: Mapping[str, Any]) -> str:
    """Return the text of an error that a process reports."""
    place = header.get("place")
    return f"{str(header.get('error'))[:2000]}{f' ({str(place)[:200]})' if place else ''}"
