"""Open placeholders for the outputs of an unsupported step, so that the steps after it are still checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns, opened_placeholder
from pretzel.importers.inputs import MARK, Inputs, Open
from pretzel.importers.registry import Methods, Step
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

METHODS = ("transform", "predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples")


def placeholder(step: Step, method: str, width: int | None = None) -> Node:
    """Return an open node for a step's output; its reader decides whether it holds texts or numbers."""
    kind = "f64" if width is None else f"f64[{width}]"
    return ops.Input(f"{MARK}{step.path}.{method}", kind)


def placeholders(estimator: Any, step: Step) -> Methods:
    """Return a placeholder for each method of an estimator, and always one for ``transform``."""
    classes = _classes(estimator)
    methods = {name: placeholder(step, name, classes) for name in METHODS if _has(estimator, name)}
    methods["transform"] = placeholder(step, "transform", _width(estimator, step))
    if "predict" in methods:
        methods["predict"] = _labels(estimator, step, classes)
    if classes == 2 and "decision_function" in methods:
        methods["decision_function"] = placeholder(step, "decision_function")
    return methods


def depends_on_placeholder(x: Columns) -> bool:
    """Return whether some of these columns come from a refused step."""
    nodes = topological(part for part in x.parts if isinstance(part, Node))
    names = [node.column for node in nodes if isinstance(node, ops.Input)]
    return any(name.startswith(MARK) for name in (*names, *(p.name for p in x.parts if isinstance(p, Open))))


def open_copy(x: Columns) -> Columns:
    """Return open columns of the same number and names."""
    if x.names is not None:
        inputs = Inputs()
        return Columns(tuple(Open(inputs, f"{MARK}{name}", None) for name in x.names), x.names)
    return opened_placeholder(f"{MARK}X", _open_width(x.parts))


def _open_width(parts: Iterable[Any]) -> int | None:
    widths = [part.width if isinstance(part, Open) and part.positions is None else part for part in parts]
    if len(widths) == 1 and widths[0] is None:
        return None
    return sum(part.columns if isinstance(part, Open) else part.type.columns for part in parts)


def _classes(estimator: Any) -> int | None:
    classes = getattr(estimator, "classes_", None)
    return len(classes) if isinstance(classes, np.ndarray) and classes.ndim == 1 and len(classes) > 1 else None


def _labels(estimator: Any, step: Step, classes: int | None) -> Node:
    """Return labels if plans support their kind, else a placeholder; unknown classes may have any."""
    if classes is None:
        return placeholder(step, "predict")
    labels = estimator.classes_
    try:
        table = Parameter.strings(list(map(str, labels))) if labels.dtype.kind in "UO" else Parameter.of(labels)
    except (TypeError, ValueError, KeyError):
        return placeholder(step, "predict")
    return ops.LabelLookup(ops.ArgMax(placeholder(step, "scores", classes)), table)


def _has(estimator: Any, method: str) -> bool:
    try:
        return hasattr(estimator, method)
    except Exception:  # a property of an unknown class may raise anything
        return False


def _width(estimator: Any, step: Step) -> int | None:
    """Return the number of output columns of a transformer, by the outer step or by its feature names."""
    if step.width is not None:
        return step.width
    try:
        return len(estimator.get_feature_names_out())
    except Exception:
        return None
