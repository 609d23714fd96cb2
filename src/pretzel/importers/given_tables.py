"""Rules for tables and arrays that reach a boosting library as they are given: order, categories, byte order.

scikit-learn's own estimators compare the names of a table with those of the training data, and convert it to an array.
A boosting library behind another estimator, a function that is not validated, and a class of a user read its columns by
position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs, Open
from pretzel.importers.own import is_by_position
from pretzel.importers.storage import keeps_entries
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node

BOOSTERS = ("lightgbm", "xgboost", "catboost")
UNCHANGED = (ops.Input, ops.Select, ops.Column, ops.Concat, ops.Combine)
"""Operators of estimators that return the columns of a pandas table with their types."""
HOLD = (
    *("best_estimator_", "estimators_", "estimator_", "regressor_", "calibrated_classifiers_", "estimator"),
    *("clfs_", "regr_"),  # of mlxtend
)
"""Attributes that hold the fitted estimators to which an estimator hands X."""


def order_of(estimator: Any) -> str | None:
    """Return how clients treat a table with reordered columns: ``strict`` rejects it, ``pandas`` only another's.

    XGBoost checks the names of pandas tables, and interpret matches them; they read others by position.
    """
    if _library(estimator) in ("xgboost", "interpret"):
        return "pandas"
    if hasattr(estimator, "best_estimator_"):
        return order_of(estimator.best_estimator_)
    if hasattr(estimator, "steps"):
        return order_of(_first(estimator))
    return "strict" if _reads_by_position(estimator, inner=False) else None


def names_by_library(estimator: Any) -> list[str]:
    """Return the names by which CatBoost orders the columns of a table, though the estimator around it has none."""
    if _library(estimator) == "catboost":
        return list(map(str, estimator.feature_names_)) if estimator.is_fitted() else []
    if hasattr(estimator, "steps"):
        return names_by_library(_first(estimator))
    return next(filter(None, map(names_by_library, _held(estimator))), [])


def names_by_lightgbm(estimator: Any) -> bool:
    """Return whether the names of a table come from LightGBM, which replaces spaces in them by underscores."""
    if hasattr(estimator, "steps"):
        return names_by_lightgbm(_first(estimator))
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return False
    if _library(estimator) == "lightgbm":
        return True
    return any(names_by_lightgbm(part) and _are_alike(part.feature_names_in_, names) for part in _held(estimator))


def _are_alike(one: Any, other: Any) -> bool:
    return list(one) == list(other)


def given_to_library(x: Columns, inputs: Inputs) -> None:
    """Record the inputs that a boosting library without categories reads as they are given, if it is handed a table.

    It reads the codes of their categories, which each request may order differently, and rejects columns of objects.
    """
    if any(isinstance(part, Open) or keeps_entries(part) for part in x.parts):
        inputs.metadata["byte_order"] = "native"
    if not x.converted:
        names = {name for part in x.parts for name in _unchanged(part)}
        inputs.metadata["without_categories"] = sorted({*inputs.metadata.get("without_categories", ()), *names})


def read_as_codes(column: Columns, categories: Sequence[Any], inputs: Inputs) -> None:
    """Record an input of numeric categories: in X of any type but a pandas table, a boosting library reads its codes.

    Recorded is whether the categories are 0, 1, 2, ..., which equal their codes.
    """
    same = list(categories) == list(range(len(categories)))
    for name in (name for part in column.parts for name in _unchanged(part, (*UNCHANGED, ops.Cast))):
        inputs.metadata.setdefault("codes", {})[name] = same


def _unchanged(part: Node | Open, operators: tuple[type[Node], ...] = UNCHANGED) -> list[str]:
    """Return the inputs whose columns are among these, unless any other operator has changed them."""
    if isinstance(part, Open):
        return [part.name]
    nodes = topological([part])
    return [node.column for node in nodes if isinstance(node, ops.Input)] if _are_only(nodes, operators) else []


def _are_only(nodes: list[Node], operators: tuple[type[Node], ...]) -> bool:
    return all(isinstance(node, operators) for node in nodes)


def _reads_by_position(estimator: Any, *, inner: bool) -> bool:
    """Return whether a table reaches, with its columns by position, a reader that does not check their names."""
    if hasattr(estimator, "transformers_"):  # a ColumnTransformer reads its columns by name
        return False
    if type(estimator).__module__.startswith("category_encoders."):  # the order of its result is that of the table
        return True
    if type(estimator).__name__ == "FunctionTransformer":
        return not estimator.validate
    if hasattr(estimator, "transformer_list"):
        parts = [part for _, part in estimator.transformer_list if part != "drop"]
        return any(part == "passthrough" or _reads_by_position(part, inner=inner) for part in parts)
    if hasattr(estimator, "steps"):
        return _reads_by_position(_first(estimator), inner=inner)
    library = _library(estimator)
    if is_by_position(estimator) or library == "mlxtend":
        return True
    if library in BOOSTERS:
        return inner or library == "lightgbm"
    return any(_reads_by_position(part, inner=True) for part in _held(estimator))


def _held(estimator: Any) -> Iterator[Any]:
    """Return the fitted estimators to which an estimator may hand X; trees check no names and hold none."""
    for name in HOLD:
        held = getattr(estimator, name, None)
        parts = list(held.flat) if isinstance(held, np.ndarray) else held if isinstance(held, list) else [held]
        yield from (part for part in parts if hasattr(part, "predict") or hasattr(part, "estimator"))


def _first(pipeline: Any) -> Any:
    """Return the first step of a pipeline that computes; None if there is none."""
    steps = (step for _, step in pipeline.steps if not (isinstance(step, str) or hasattr(step, "fit_resample")))
    return next((step for step in steps if step is not None), None)


def _library(estimator: Any) -> str:
    """Return the library that reads tables by rules of its own from which this class, or a base of it, comes."""
    names = {kind.__module__.partition(".")[0] for kind in type(estimator).__mro__}
    return next((name for name in (*BOOSTERS, "interpret", "mlxtend") if name in names), "")
