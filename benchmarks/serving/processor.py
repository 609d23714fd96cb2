"""Processor time of the threads of a process, from Linux: the time on cores that no other program disturbs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path


def seconds_of(process: int) -> dict[int, float]:
    """Return the processor seconds of each thread of a process."""
    found = {}
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            found[int(thread)] = int(Path(f"/proc/{process}/task/{thread}/schedstat").read_text().split()[0]) / 1e9
        except OSError:  # it has ended
            continue
    if process == os.getpid():
        found[threading.get_native_id()] = time.thread_time()  # of a running thread, Linux shows the last tick's
    return found


def spent(process: int, before: Mapping[int, float], after: Mapping[int, float]) -> tuple[float, float]:
    """Return what the main thread spent between two looks, and the most that another thread did."""
    changes = {thread: seconds - before.get(thread, 0.0) for thread, seconds in after.items()}
    return changes.pop(process, 0.0), max(changes.values(), default=0.0)
