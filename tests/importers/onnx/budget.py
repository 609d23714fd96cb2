"""Imports of files within bounds of time and memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pretzel.importers import export
from pretzel.importers.onnx.model import read
from pretzel.serving.heap import trim_heap

SECONDS, MEMORY = 10.0, 1 << 30


def imported(data: bytes) -> Any:
    """Import a file; fail if that takes too much time or memory."""
    began = time.process_time()
    with growth() as grown:
        try:
            return export(read(data))
        finally:
            taken, most = time.process_time() - began, grown()
            assert taken < SECONDS and most < MEMORY, f"{taken:.1f} s, {most >> 20} MiB"


@contextmanager
def growth() -> Iterator[Callable[[], int]]:
    """Yield a function that returns by how many bytes the process has grown at most."""
    trim_heap()  # else what earlier tests freed would be taken without a trace
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that from now on
    before = _resident("VmRSS")
    yield lambda: _resident("VmHWM") - before


def _resident(field: str) -> int:
    """Return the resident memory of this process in bytes: at present (VmRSS), or its peak (VmHWM)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:"))
    return 1024 * int(line.split()[1])
