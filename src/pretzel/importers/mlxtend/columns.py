"""Transformers of mlxtend that select columns, or return them unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlxtend.feature_selection import ColumnSelector, ExhaustiveFeatureSelector, SequentialFeatureSelector
from mlxtend.preprocessing import CopyTransformer, DenseTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, given, imports
from pretzel.importers.sklearn.common.handing import hands_on
from pretzel.plan import ops
from pretzel.plan.node import Node


@given(ColumnSelector)
def columns_of_selector(estimator: ColumnSelector, inputs: Inputs) -> Columns:
    """Return the columns that it names; or one matrix."""
    return Columns.given(inputs, _names(estimator))


@given(SequentialFeatureSelector, ExhaustiveFeatureSelector)
def columns_of_search(estimator: Any, inputs: Inputs) -> Columns:
    """Return a column per name of the table that it was fitted on; or one matrix."""
    names = getattr(estimator, "feature_names", None)
    width = getattr(estimator, "n_features", None)
    return Columns.given(inputs, None if names is None else list(names), width)


@imports(ColumnSelector)
def column_selector(estimator: ColumnSelector, x: Columns, step: Step) -> Methods:
    """Return some of the columns as an array."""
    columns = selected(estimator, x, step)
    if estimator.drop_axis and columns.width == 1:
        return {"transform": columns.text() if columns.holds_texts else columns.number()}
    return {"transform": columns.texts() if columns.holds_texts else columns.array()}


@hands_on(ColumnSelector)
def selected(estimator: ColumnSelector, x: Columns, step: Step) -> Columns:
    """Return some of the columns, by name or by position."""
    names = _names(estimator)
    if names is None:
        positions = _positions(estimator)
        if positions is None or any(not -x.width <= position < x.width for position in positions):
            remedy = "give a list of positions, and a sample, or use a ColumnTransformer"
            raise step.refuse("cols", f"they are not among the {x.width} known columns", remedy)
        return _converted(x.select([position % x.width for position in positions]))
    if x.names is None or not set(names) <= set(x.names):
        remedy = "use a ColumnTransformer, which knows the columns that it was fitted on"
        raise step.refuse("cols", "their places are not known here", remedy)
    return _converted(x.select([x.names.index(name) for name in names]))


def _converted(x: Columns) -> Columns:
    return Columns(x.parts, converted=True)


def _names(estimator: ColumnSelector) -> list[str] | None:
    cols = [estimator.cols] if isinstance(estimator.cols, str) else estimator.cols
    is_list = isinstance(cols, (list, tuple)) and len(cols) > 0
    return list(cols) if is_list and all(isinstance(one, str) for one in cols) else None


def _positions(estimator: ColumnSelector) -> list[int] | None:
    is_list = isinstance(estimator.cols, Sequence) and len(estimator.cols) > 0
    whole = is_list and all(isinstance(one, int) for one in estimator.cols)
    return list(estimator.cols) if whole else None


@imports(SequentialFeatureSelector)
def sequential_selector(estimator: SequentialFeatureSelector, x: Columns, step: Step) -> Methods:
    """Return the columns that the search chose."""
    return {"transform": _chosen(estimator, "k_feature_idx_", x, step)}


@imports(ExhaustiveFeatureSelector)
def exhaustive_selector(estimator: ExhaustiveFeatureSelector, x: Columns, step: Step) -> Methods:
    """Return the columns that the search chose."""
    return {"transform": _chosen(estimator, "best_idx_", x, step)}


def _chosen(estimator: Any, attribute: str, x: Columns, step: Step) -> Node:
    positions = getattr(estimator, attribute, None)
    if positions is None:
        raise step.refuse("", "it is not fitted", "fit it first")
    if x.further:
        step.inputs.metadata["others"] = "refused"  # it reads a table with further columns by position
    return x.select(list(positions)).array()


@imports(DenseTransformer)
def dense_transformer(estimator: DenseTransformer, x: Columns, step: Step) -> Methods:
    """Return sparse rows as dense ones, and others unchanged."""
    array = x.array()
    return {"transform": ops.Densify(array) if array.type.layout == "sparse" else array}


@imports(CopyTransformer)
def copy_transformer(estimator: CopyTransformer, x: Columns, step: Step) -> Methods:
    """Return the rows unchanged."""
    return {"transform": x.array()}
