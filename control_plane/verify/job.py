"""What passes between the control plane and the child that verifies: one job, one answer, in canonical bytes."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretzel import errors
from pretzel.control_plane.verify.compare import Tolerance, Value
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import encode
from pretzel.plan.plan import Plan
from pretzel.plan.wire import columns_to_bytes

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
            "inputs": columns_to_bytes(sample.inputs) if sample is not None else None,
            "outputs": columns_to_bytes(sample.outputs) if sample is not None else None,
            "rows": list(sample.rows) if sample is not None else [],
            "tolerance": [tolerance.relative, tolerance.absolute],
            "limits": [limits.memory, limits.cpu, limits.seconds],
        }
    )


def error_tree(error: errors.PretzelError, retire: bool = False) -> dict[str, Tree]:
    """Return an error in the form of an answer; ``retire`` where the child should not go on."""
    return {"error": type(error).__name__, "message": str(error), "retire": retire}


def error_of(tree: Tree) -> errors.PretzelError:
    """Return the error that an answer holds."""
    kind = getattr(errors, tree["error"], errors.PretzelError)
    made: errors.PretzelError = kind(tree["message"])
    return made
