"""Processor time and memory of this process."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGESIZE")


def processor_seconds() -> float:
    """Return the processor time of all threads since the process started.

    `os.times` counts in ticks of 10 ms, in which a short run of cheap calls shows as nothing.
    """
    return time.process_time()


def process_bytes() -> int:
    """Return the resident memory, with the pages that other processes share."""
    return int(_STATM.read_text().split()[1]) * _PAGE
