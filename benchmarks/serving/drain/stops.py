"""Stop a process as Kubernetes does, and state how long that took."""

from __future__ import annotations

import os
import select
import signal
import statistics
import time
from collections import Counter

ROUNDS = 3
_LONGEST = 60.0


def stopped(pid: int) -> float:
    """Send SIGTERM to a process, and return the seconds until it has exited."""
    descriptor = os.pidfd_open(pid)
    try:
        begun = time.monotonic()
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        if not select.select([descriptor], [], [], _LONGEST)[0]:
            raise TimeoutError(f"process {pid} runs {_LONGEST:.0f} s after SIGTERM")
        return time.monotonic() - begun
    finally:
        os.close(descriptor)


def stated(times: list[float]) -> str:
    """Return the median of some times and their range."""
    return f"{statistics.median(times):.2f} s ({min(times):.2f}-{max(times):.2f})"


def counted(outcomes: Counter[str]) -> str:
    """Return how often each outcome was seen."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
