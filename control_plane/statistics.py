"""Statistics of a plan over a sample: the sizes of its values, and the time of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.compiler.compile import Compiled
from pretzel.control_plane.verify import Sample, Verified
from pretzel.plan import steps
from pretzel.plan.definition import Definition
from pretzel.plan.model import ModelVersion
from pretzel.plan.plan import Plan
from pretzel.plan.sizes import Sizes, is_fixed, key_of
from pretzel.plan.values import Csr, Ragged, Texts

MOST_TIMED = 256
"""Stages; the times of a larger plan are not stored, since every worker receives the metadata of a version."""


def sizes_of(definition: Definition, compiled: Compiled, sample: Sample, verified: Verified) -> Sizes:
    """Return the mean size of every value of a definition whose type does not fix it."""
    rows = _rows(sample)
    sizes = {
        key_of(node): step.entries / rows
        for node, step in zip(compiled.nodes, verified.observed, strict=True)
        if step.entries is not None
    }
    for node in definition.inputs:
        if not is_fixed(node.type) and node.column in sample.inputs:
            sizes[key_of(node)] = _elements(sample.inputs[node.column]) / rows
    return Sizes(rows, {key: round(size, 2) for key, size in sizes.items()})


def statistics(compiled: Compiled, sizes: Sizes, sample: Sample | None, verified: Verified) -> dict[str, Any]:
    """Return the statistics stored with a version: sizes, and the seconds per row of each stage."""
    tree = {"statistics": sizes.tree()} if sizes.rows else {}
    if sample is None or len(compiled.nodes) > MOST_TIMED:
        return tree
    rows = _rows(sample)
    return tree | {"stage_seconds": [float(f"{step.seconds / rows:.3g}") for step in verified.observed]}


def named(compiled: Compiled) -> dict[str, Any]:
    """Return the names of each stage's steps as they are stored with a version."""
    return steps.stored(compiled.steps)


def known(newest: ModelVersion | None, definition: Definition) -> Sizes | None:
    """Return the sizes stored with a version of this very definition: redeployed, it yields the same plan."""
    stored = newest.metadata.get("statistics") if newest and newest.definition == definition.digest else None
    return Sizes.from_tree(stored) if isinstance(stored, Mapping) else None


def seconds_of(version: ModelVersion, plan: Plan) -> Mapping[str, float] | None:
    """Return the seconds per row of each stage at verification, by fingerprint; None if not stored."""
    stored = version.metadata.get("stage_seconds")
    if not isinstance(stored, (list, tuple)) or len(stored) != len(plan.stages):
        return None
    return {stage.fingerprint: float(seconds) for stage, seconds in zip(plan.stages, stored, strict=True)}


def _rows(sample: Sample) -> int:
    return max(len(sample), 1)


def _elements(column: Any) -> int:
    """Return the stored values of sparse rows, the bytes of texts, or the items of lists."""
    match column:
        case Ragged():
            return len(column.items)
        case Csr():
            return len(column.data)
        case Texts():
            return int(column.lengths.sum(dtype=np.int64))
    return sum(len(text.encode()) for text in column if isinstance(text, str))
