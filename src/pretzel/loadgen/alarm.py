"""An alarm of the event loop that is exact to microseconds, where its own timers are to a millisecond."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Callable

_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_LEAST = 1e-7
"""Seconds; zero would turn the timer off."""


class _Spec(ctypes.Structure):
    """`struct itimerspec`."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_seconds", "every_nanos", "seconds", "nanos")]


_libc = ctypes.CDLL(None, use_errno=True)


class Alarm:
    """A `timerfd` that an event loop watches."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring, self._spec = ring, _Spec()
        self._file = _libc.timerfd_create(time.CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        asyncio.get_running_loop().add_reader(self._file, self._on_time)

    def set(self, seconds: float) -> None:
        """Ring once, after a delay that replaces the one before."""
        whole = int(seconds)
        self._spec.seconds, self._spec.nanos = whole, int((max(seconds, _LEAST) - whole) * 1e9)
        _libc.timerfd_settime(self._file, 0, ctypes.byref(self._spec), None)

    def close(self) -> None:
        """Ring no more."""
        asyncio.get_running_loop().remove_reader(self._file)
        os.close(self._file)

    def _on_time(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:  # set again since
            return
        self._ring()
