"""Convert small integers and booleans to float32 for steps whose fitted arrays are float32.

NumPy combines int8, int16, uint8, uint16 and booleans with float32 in float32, and wider integers in float64.  This
matters only for steps that read X in its own type; most steps convert integers to float64 first.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Computed, Inputs
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.types import is_small

WIDER = ("i32", "i64", "u32", "u64")
"""Integers that NumPy converts to float64 when combined with float32."""
MOVES = (ops.Select, ops.Concat, ops.RequireFinite)
FITTED_ARRAYS: dict[type, str] = {}
"""The classes that read X in its own type, and the fitted attribute that they combine it with first."""


def computes_with(attribute: str, *classes: type) -> None:
    """Register classes that read X in its own type, and combine it with a fitted array, or a list of such.

    ``attribute``: the name of the array, such as ``coef_``.
    """
    FITTED_ARRAYS.update(dict.fromkeys(classes, attribute))


def with_fitted_type(kind: type, estimator: Any, x: Columns, inputs: Inputs, path: str) -> Columns:
    """Return the input of the step at ``path``: small integers as float32 if its fitted state is float32.

    If the type of X is not known, the metadata records the step, and clients check it.
    """
    if kind not in FITTED_ARRAYS or fitted_dtype(estimator, FITTED_ARRAYS[kind]) != np.float32:
        return x
    array = x.array()
    if array.type.dtype == "f64":
        _require_check(array, inputs, path)
        return x
    inputs.whole.add(path)  # also for float32, which may hold small integers
    if array.type.is_float:
        return x
    if x.frame:
        inputs.joined.append(array)
    _note(array, inputs, path)
    return Columns.of(ops.Cast(array, "f32")) if is_small(array.type.numpy) else x


def _require_check(array: Node, inputs: Inputs, path: str) -> None:
    """Make clients check for small integers, also those in a part of ``array`` that is combined only with float32."""
    inputs.tells_integers = True
    nodes = topological([array])
    moved = all(isinstance(node, (ops.Input, ops.Densify, *MOVES)) for node in nodes)
    if moved and any(node.type.layout == "sparse" for node in nodes):
        inputs.metadata["stored_small"] = "refused"
    parts = _parts(array)
    if not any(part.type.dtype == "f64" for part in parts):
        for part in parts:
            if not part.type.is_float:
                _note(part, inputs, path)


def _parts(array: Node) -> list[Node]:
    if not isinstance(array, ops.Concat):
        return [array]
    return [part for inner in array.inputs for part in _parts(inner)]


def _note(whole: Node, inputs: Inputs, path: str) -> None:
    if inputs.trial:
        inputs.computed.append(Computed(whole, WIDER, by_column=False, strict=True, reader=path))


def fitted_dtype(estimator: Any, attribute: str) -> Any:
    """Return the dtype of a fitted attribute, or of its first array if it is a list."""
    fitted = attrgetter(attribute)(estimator)
    return getattr(fitted[0] if isinstance(fitted, list) else fitted, "dtype", None)
