"""Find the columns of a polars table that may be float32 and have the answers of the same numbers in float64.

scikit-learn converts such a table to float64 if a step requires float64 or float32, and to float32 if it takes any
number; steps that pass numbers through give float32 to the next step.  Clients reject Float32 if the type is unclear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns, Part
from pretzel.importers.inputs import Inputs, Open
from pretzel.importers.rounding import READERS
from pretzel.importers.small_integers import FITTED_ARRAYS, MOVES, fitted_dtype
from pretzel.plan import ops
from pretzel.plan.graph import topological

WIDENING: dict[type, Callable[[Any], bool]] = {}
"""The classes that convert a float32 polars table to float64, and a test of the estimators that do."""
CONTAINERS: set[type] = set()
"""The classes that pass a table, or parts of it, to inner estimators."""
KEY = "float32_unclear"
"""Metadata key: the inputs that may not be Float32 in a polars table."""


def widens(*classes: type, where: Callable[[Any], bool] = lambda _: True) -> None:
    """Register classes that convert a float32 polars table to float64, for estimators of which ``where`` is true."""
    WIDENING.update(dict.fromkeys(classes, where))


def contains(*classes: type) -> None:
    """Register classes that pass tables to inner estimators."""
    CONTAINERS.update(classes)


def note_unclear(kind: type, estimator: Any, x: Columns, inputs: Inputs) -> None:
    """Record the inputs whose polars float32 this step may read differently from float64."""
    if kind in CONTAINERS or (kind in READERS and READERS[kind].single) or _is_fitted_on_float64(kind, estimator):
        return
    widening = kind in WIDENING and WIDENING[kind](estimator)
    for part in x.parts:
        if not widening or not isinstance(part, Open) or _is_single(part):
            noted = inputs.metadata.setdefault(KEY, [])
            noted += [name for name in _given(part) if name not in noted]


def _is_fitted_on_float64(kind: type, estimator: Any) -> bool:
    return kind in FITTED_ARRAYS and fitted_dtype(estimator, FITTED_ARRAYS[kind]) == np.float64


def _is_single(part: Open) -> bool:
    known = part.inputs.types.get(part.name)
    return known is not None and known.dtype == "f32"


def _given(part: Part) -> list[str]:
    """Return the inputs that a part contains unchanged."""
    if isinstance(part, Open):
        return [part.name]
    nodes = topological([part])
    moved = all(isinstance(node, (ops.Input, ops.Column, *MOVES)) for node in nodes)
    return [node.column for node in nodes if moved and isinstance(node, ops.Input) and not node.type.is_text]
