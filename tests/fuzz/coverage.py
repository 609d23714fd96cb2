"""The coverage map: built from ``coverage.c`` when first needed, shared between a campaign and its child."""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sysconfig
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("coverage.c")
BUILT = Path(__file__).parents[2] / "build" / "fuzz" / "coverage.so"
EDGES = 1 << 17


def built() -> Path:
    """Return the path of the library; recompile it if its source is newer."""
    if not BUILT.exists() or BUILT.stat().st_mtime < SOURCE.stat().st_mtime:
        BUILT.parent.mkdir(parents=True, exist_ok=True)
        temporary = BUILT.with_suffix(f".{os.getpid()}")
        headers = f"-I{sysconfig.get_path('include')}"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", headers, "-o", str(temporary), str(SOURCE)], check=True)
        temporary.replace(BUILT)
    return BUILT


class Map:
    """Edge counts of the current input, and the coverage of all inputs, in a file that both processes map."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(2 * EDGES))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 2 * EDGES)

    def reached(self) -> int:
        """Return the number of edges that any input reached."""
        return int(np.count_nonzero(np.frombuffer(self.memory, np.uint8)[EDGES:]))


class Counter:
    """Count the edges that this process reaches between :meth:`begin` and :meth:`end`."""

    def __init__(self, shared: Map, watched: str) -> None:
        """Watch instrumented compiled code, and the lines of files whose path contains ``watched``."""
        # RTLD_GLOBAL, so that libraries loaded later call it.
        library = ctypes.PyDLL(str(built()), mode=ctypes.RTLD_GLOBAL)
        assert library.coverage_edges() == EDGES
        self.shared = (ctypes.c_uint8 * (2 * EDGES)).from_buffer(shared.memory)
        library.coverage_into(self.shared, watched.encode())
        self.begin, self.end = library.coverage_begin, library.coverage_end
