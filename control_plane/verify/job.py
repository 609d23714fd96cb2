"""What passes between the control plane and the child that verifies: one job, one answer, in canonical bytes."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pretzel import errors
from pretzel.control_plane.verify.compare import Tolerance, Value
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import encode
from pretzel.plan.plan import Plan
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES
from pretzel.plan.values import Csr, Labels, Ragged, Texts

Tree = Any
LENGTH = struct.Struct("<Q")
"""Stands before each message on a pipe."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows, and the library's own answers to them, by output."""

    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    rows: Sequence[int] = ()
    """The number of each row in the caller's sample, for messages; empty: 0, 1, 2, ..."""
    total_rows: int = 0
    """The rows of the caller's sample; 0: as many as are here."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return max((len(column) for column in self.inputs.values()), default=0)

    def __post_init__(self) -> None:
        """Refuse row numbers that do not belong to these rows."""
        if self.rows and (len(self.rows) != len(self) or min(self.rows) < 0 or max(self.rows) >= self.total_rows):
            raise errors.InputError(
                f"sample: expected {len(self)} row numbers below {self.total_rows}, got {len(self.rows)}"
            )


@dataclass(frozen=True, slots=True)
class Limits:
    """What one verification may use before the child is ended."""

    memory: int = 2 << 30
    """Bytes of address space beyond the child's own and the objects it maps."""
    cpu: int = 30
    """Seconds of processor time."""
    seconds: float = 60.0
    """Seconds on the clock."""


def job_bytes(
    plan: Plan, objects: Mapping[Digest, Path | bytes], sample: Sample | None, tolerance: Tolerance, limits: Limits
) -> bytes:
    """Return the job: run this plan, whose objects are in those files, and compare."""
    return encode(
        {
            "plan": plan.encoded,
            "objects": {str(d): str(o) if isinstance(o, Path) else o for d, o in objects.items()},
            "inputs": _columns(sample.inputs) if sample is not None else None,
            "outputs": _columns(sample.outputs) if sample is not None else None,
            "rows": list(sample.rows) if sample is not None else [],
            "tolerance": [tolerance.relative, tolerance.absolute],
            "limits": [limits.memory, limits.cpu, limits.seconds],
        }
    )


def columns_of(tree: Tree) -> dict[str, Value]:
    """Return the columns that a job holds."""
    return {name: value_of(item) for name, item in tree}


def error_tree(error: errors.PretzelError, retire: bool = False) -> dict[str, Tree]:
    """Return an error in the form of an answer; ``retire`` where the child should not go on."""
    return {"error": type(error).__name__, "message": str(error), "retire": retire}


def error_of(tree: Tree) -> errors.PretzelError:
    """Return the error that an answer holds."""
    kind = getattr(errors, tree["error"], errors.PretzelError)
    made: errors.PretzelError = kind(tree["message"])
    return made


def _columns(values: Mapping[str, Value]) -> Tree:
    return [[name, value_tree(value)] for name, value in values.items()]


def value_tree(value: Value | list[str]) -> Tree:
    """Return one value as plain ones."""
    match value:
        case np.ndarray() if value.dtype.kind in "US":
            return ["list", value.tolist()]
        case np.ndarray():
            little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
            return ["array", DTYPE_NAMES[little.dtype], list(value.shape), little.tobytes()]
        case Texts():
            missing = None if value.missing is None else value.missing.tobytes()
            return ["texts", value.data.tobytes(), value.lengths.astype("<u4").tobytes(), missing, value.width]
        case Csr():
            return ["csr", *map(value_tree, (value.data, value.indices, value.starts)), value.width]
        case Ragged():
            return ["ragged", value_tree(value.items), value_tree(value.starts)]
        case Labels():
            return ["labels", value_tree(value.codes), value_tree(value.labels)]
    return ["list", list(value)]


def value_of(tree: Tree) -> Any:
    """Return the value that :func:`value_tree` gave."""
    match tree:
        case ["array", dtype, shape, data]:
            return np.frombuffer(data, NUMPY_DTYPES[dtype]).reshape(shape)
        case ["texts", data, lengths, missing, width]:
            mask = None if missing is None else np.frombuffer(missing, np.uint8)
            return Texts(np.frombuffer(data, np.uint8), np.frombuffer(lengths, "<u4"), mask, width)
        case ["csr", data, indices, starts, width]:
            return Csr(value_of(data), value_of(indices), value_of(starts), width)
        case ["ragged", items, starts]:
            return Ragged(value_of(items), value_of(starts))
        case ["labels", codes, labels]:
            return Labels(value_of(codes), value_of(labels))
    return tree[1]
