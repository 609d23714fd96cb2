"""Print a digest of each kernel's results on cases with a fixed seed: ``python -m tests.ops.digests [case ...]``."""

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
ROWS = 130  # more than two groups of any width, and not a multiple of any


def digest(name: str) -> str:
    """Return the digest of the results of a case, for the drawn rows and for :data:`ROWS` rows."""
    state = hashlib.sha256()
    for node, columns in harness.drawn(harness.CASES[name], EXAMPLES):
        executable, rows = harness.load(node), len(next(iter(columns.values())))
        for size in (rows, ROWS):
            some = taken(columns, np.arange(size) % rows)
            _update(state, outcome(partial(harness.run, executable, some)))
    return state.hexdigest()


def _update(state: Any, value: Any) -> None:
    if isinstance(value, Csr):
        value = (value.data, value.indices, value.starts)
    if isinstance(value, (list, tuple)):
        state.update(b"[")
        for item in value:
            _update(state, item)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        state.update(f"{value.dtype}{value.shape}".encode() + harness.bits(value).tobytes())
    else:
        state.update(repr(value.tolist() if isinstance(value, np.ndarray) else value).encode())


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(harness.CASES)
    print(json.dumps({"level": cpu.chosen} | {name: digest(name) for name in names}))
