"""Messages between the control plane and the verifying child: one job, one answer, in canonical bytes."""

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
"""Length prefix of each message on a pipe."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows, and the library's own outputs for them, by output."""

    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    rows: Sequence[int] = ()
    """The number of each row in the caller's sample, for messages; empty: 0, 1, 2, ..."""
    total_rows: int = 0
    """The rows of the caller's sample; 0: as many as in this one."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return max((len(column) for column in self.inputs.values()), default=0)

    def __post_init__(self) -> None:
        """Reject row numbers that do not match these rows."""
        if self.rows and (len(self.rows) != len(self) or min(self.rows) < 0 or max(self.rows) >= self.total_rows):
            raise errors.InputError(
                f"sample: expected {len(self)} row numbers below {self.total_rows}, got {len(self.rows)}"
            )


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one verification, beyond which the child is killed."""

    memory: int = 2 << 30
    """Bytes of address space beyond the child's own and the objects it maps."""
    cpu: int = 30
    """Seconds of processor time."""
    seconds: float = 60.0
    """Seconds of wall-clock time."""


@dataclass(frozen=True, slots=True)
class Python:
    """Consent of the control plane to run Python stages."""

    consent: str = "off"
    """``off``, ``true``, ``unconfined``, or ``refused`` if models with some are."""
    environments: Path | None = None

    @property
    def runs(self) -> bool:
        """True if the child may run them."""
        return self.consent in ("true", "unconfined")

    @property
    def tree(self) -> list[str | None] | None:
        """The part of a job."""
        return [self.consent, str(self.environments) if self.environments else None] if self.runs else None


def job_bytes(
    plan: Plan,
    objects: Mapping[Digest, Path | bytes],
    sample: Sample | None,
    tolerance: Tolerance,
    limits: Limits,
    python: Python | None = None,
) -> bytes:
    """Return the encoded job: a plan, the files of its objects, and the sample to compare with."""
    return encode(
        {
            "plan": plan.encoded,
            "objects": {str(d): str(o) if isinstance(o, Path) else o for d, o in objects.items()},
            "inputs": columns_to_bytes(sample.inputs) if sample is not None else None,
            "outputs": columns_to_bytes(sample.outputs) if sample is not None else None,
            "rows": list(sample.rows) if sample is not None else [],
            "tolerance": [tolerance.relative, tolerance.absolute],
            "python": python.tree if python is not None else None,
            "limits": [limits.memory, limits.cpu, limits.seconds],
        }
    )


def error_tree(error: errors.PretzelError, retire: bool = False) -> dict[str, Tree]:
    """Return an error as an answer; ``retire`` if the child should be replaced."""
    return {"error": type(error).__name__, "message": str(error), "retire": retire}


def error_of(tree: Tree) -> errors.PretzelError:
    """Return the error in an answer."""
    kind = getattr(errors, tree["error"], errors.PretzelError)
    error: errors.PretzelError = kind(tree["message"])
    return error
