"""Which columns of a polars table may be float32 and are answered as the same numbers of float64.

scikit-learn makes float64 of such a table where a step asks for float64 or float32, and float32 where it takes any
number; what hands numbers on makes float32 of it for the step behind.  Clients refuse Float32 where it is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns, Part
from pretzel.importers.inputs import Inputs, Open
from pretzel.importers.rounding import READERS
from pretzel.importers.singly import LEARNED, MOVES, type_learned
from pretzel.plan import ops
from pretzel.plan.graph import topological

WIDENING: dict[type, Callable[[Any], bool]] = {}
"""The classes whose estimators make float64 of a polars table of float32, and which of them do."""
CONTAINERS: set[type] = set()
"""The classes that hand a table on to their parts, or parts of it."""
KEY = "float32_unclear"
"""In the metadata: the inputs of which a polars table may not hold Float32."""


def widens(*classes: type, where: Callable[[Any], bool] = lambda _: True) -> None:
    """Say of classes that their estimators make float64 of a polars table of float32, ``where`` this holds of them."""
    WIDENING.update(dict.fromkeys(classes, where))


def contains(*classes: type) -> None:
    """Say of classes that they read nothing themselves, and hand tables on to their parts."""
    CONTAINERS.update(classes)


def note_unclear(kind: type, estimator: Any, x: Columns, inputs: Inputs) -> None:
    """Record the inputs of which this step may read float32 of a polars table otherwise than float64."""
    if kind in CONTAINERS or (kind in READERS and READERS[kind].single) or _has_learned_float64(kind, estimator):
        return
    widening = kind in WIDENING and WIDENING[kind](estimator)
    for part in x.parts:
        if not widening or not isinstance(part, Open) or _is_single(part):
            noted = inputs.metadata.setdefault(KEY, [])
            noted += [name for name in _given(part) if name not in noted]


def _has_learned_float64(kind: type, estimator: Any) -> bool:
    return kind in LEARNED and type_learned(estimator, LEARNED[kind]) == np.float64


def _is_single(part: Open) -> bool:
    known = part.inputs.types.get(part.name)
    return known is not None and known.dtype == "f32"


def _given(part: Part) -> list[str]:
    """Return the inputs that stand in a part as they were given."""
    if isinstance(part, Open):
        return [part.name]
    nodes = topological([part])
    moved = all(isinstance(node, (ops.Input, ops.Column, *MOVES)) for node in nodes)
    return [node.column for node in nodes if moved and isinstance(node, ops.Input) and not node.type.is_text]
