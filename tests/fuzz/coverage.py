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
    """Return the library, compiled anew where its source is younger."""
    if not BUILT.exists() or BUILT.stat().st_mtime < SOURCE.stat().st_mtime:
        BUILT.parent.mkdir(parents=True, exist_ok=True)
        made = BUILT.with_suffix(f".{os.getpid()}")
        headers = f"-I{sysconfig.get_path('include')}"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", headers, "-o", str(made), str(SOURCE)], check=True)
        made.replace(BUILT)
    return BUILT


class Map:
    """Counts of edges of the present input, and what all inputs reached, in a file that both processes map."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(2 * EDGES))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 2 * EDGES)

    def reached(self) -> int:
        """Return how many edges some input reached."""
        return int(np.count_nonzero(np.frombuffer(self.memory, np.uint8)[EDGES:]))


class Counter:
    """Counts what this process reaches between :meth:`begin` and :meth:`end`."""

    def __init__(self, shared: Map, watched: str) -> None:
        """Watch compiled code that was built for it, and lines of the files whose path holds ``watched``."""
        # Global, so that the libraries loaded from now on call it.
        library = ctypes.PyDLL(str(built()), mode=ctypes.RTLD_GLOBAL)
        assert library.coverage_edges() == EDGES
        self.shared = (ctypes.c_uint8 * (2 * EDGES)).from_buffer(shared.memory)
        library.coverage_into(self.shared, watched.encode())
        self.begin, self.end = library.coverage_begin, library.coverage_end
