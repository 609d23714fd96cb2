"""The priority of threads that compute, below that of the event loop."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICE = 5
"""Added to the niceness of executor threads.  The event loop rejects late requests and hands over cheap ones: it must
get its core at once, or everything behind it is late."""


def yield_core() -> None:
    """Lower the priority of the calling thread below others on its core.  Linux keeps a niceness per thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)
