"""Processor time and memory of this process."""

from __future__ import annotations

import os
from pathlib import Path

_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGESIZE")


def processor_seconds() -> float:
    """Return the processor time of all threads since the process started."""
    times = os.times()
    return times.user + times.system


def process_bytes() -> int:
    """Return the resident memory, with the pages that other processes share."""
    return int(_STATM.read_text().split()[1]) * _PAGE
