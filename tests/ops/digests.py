"""Prints a digest of what every kernel gives on cases of a fixed seed: ``python -m tests.ops.digests [case ...]``."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import partial
from typing import Any

import numpy as np

from pretzel.kernels import cpu
from pretzel.plan.values import Csr
from tests.ops import harness
from tests.ops.test_kernels import outcome, taken

EXAMPLES = 12
ROWS = 130  # beyond two groups of every width, and no multiple of any


def digest(name: str) -> str:
    """Return the digest of the results of a case: of few rows as they are drawn, and of :data:`ROWS`."""
    found = hashlib.sha256()
    for node, columns in harness.drawn(harness.CASES[name], EXAMPLES):
        executable, rows = harness.load(node), len(next(iter(columns.values())))
        for size in (rows, ROWS):
            some = taken(columns, np.arange(size) % rows)
            _take_in(found, outcome(partial(harness.run, executable, some)))
    return found.hexdigest()


def _take_in(found: Any, value: Any) -> None:
    if isinstance(value, Csr):
        value = (value.data, value.indices, value.starts)
    if isinstance(value, (list, tuple)):
        found.update(b"[")
        for item in value:
            _take_in(found, item)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        found.update(f"{value.dtype}{value.shape}".encode() + harness.bits(value).tobytes())
    else:
        found.update(repr(value.tolist() if isinstance(value, np.ndarray) else value).encode())


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(harness.CASES)
    print(json.dumps({"level": cpu.chosen} | {name: digest(name) for name in names}))
