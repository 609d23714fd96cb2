"""Importers of category encoders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from numbers import Real
from typing import Any

import numpy as np
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from pretzel.importers.columns import Columns
from pretzel.importers.objects import base_of_column
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.preprocessing.date_categories import date_keys
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES

UNKNOWN = -1
SPARSE_DTYPES = ("f32", "f64", "i64")
WHOLE_FLOATS = 2**53  # float64 cannot hold every larger integer, and rounds some to this one


@imports(OneHotEncoder)
def one_hot_encoder(estimator: OneHotEncoder, x: Columns, step: Step) -> Methods:
    """Return a block of columns for each column of x, with a one in the column of its category.

    Groups of infrequent categories share a column, and a dropped category has none.
    """
    dtype = DTYPE_NAMES.get(np.dtype(estimator.dtype))
    if dtype is None or (estimator.sparse_output and dtype not in SPARSE_DTYPES):
        raise step.refuse("dtype", "sparse rows do not support it", f"use one of {', '.join(SPARSE_DTYPES)}")
    stored = dtype if dtype in SPARSE_DTYPES else "f64"
    blocks = [_block(estimator, i, column, stored, step) for i, column in enumerate(x.each())]
    rows = ops.Concat(tuple(blocks)) if len(blocks) > 1 else blocks[0]
    if estimator.sparse_output:
        return {"transform": rows}
    dense = ops.Densify(rows)
    return {"transform": dense if stored == dtype else ops.Cast(dense, dtype)}


@imports(OrdinalEncoder)
def ordinal_encoder(estimator: OrdinalEncoder, x: Columns, step: Step) -> Methods:
    """Return for each column the position of its category, or the number for missing and unknown ones."""
    columns = [_ordinal(estimator, i, column, step) for i, column in enumerate(x.each())]
    return {"transform": ops.Concat(tuple(columns))}


@imports(TargetEncoder)
def target_encoder(estimator: TargetEncoder, x: Columns, step: Step) -> Methods:
    """Return the mean target of each category per column and class; the overall mean for unknown ones."""
    means = np.atleast_1d(np.asarray(estimator.target_mean_, np.float64))
    columns = [
        _taken(estimator, i, column, np.asarray(estimator.encodings_[i * len(means) + j], np.float64), mean, step)
        for i, column in enumerate(x.each())
        for j, mean in enumerate(means)
    ]
    return {"transform": ops.Concat(tuple(columns))}


def _block(estimator: Any, i: int, column: Columns, dtype: str, step: Step) -> Node:
    """Return the columns of one encoded column."""
    groups, dropped = _groups(estimator, i), _dropped(estimator, i)
    width = max(groups, default=-1) + 1 - (dropped is not None)
    # A dropped category is known, so it is not rejected; its code beyond the columns makes a row of zeros.
    codes = [width if group == dropped else group - (dropped is not None and group > dropped) for group in groups]
    unknown = UNKNOWN
    if estimator.handle_unknown in ("infrequent_if_exist", "warn") and _mapping(estimator, i) is not None:
        unknown = codes[groups.index(max(groups))]
    encoded = _coded(estimator, i, column, codes, unknown, step)
    return ops.OneHot(encoded, width, dtype)


def _coded(estimator: Any, i: int, column: Columns, codes: Sequence[int], unknown: int, step: Step) -> Node:
    """Return ``codes`` of the category of each row, by one lookup if the keys can be ordered by their codes."""
    present, nan, none = _kinds(estimator.categories_[i])
    order = sorted(present, key=codes.__getitem__)
    if unknown == UNKNOWN and [codes[j] for j in order] == list(range(len(order))):
        nan_code, none_code = (UNKNOWN if j is None else codes[j] for j in (nan, none))
        return _lookup(estimator, i, column, order, nan_code, none_code, step)
    return _taken(estimator, i, column, np.array(codes, np.int64), unknown, step)


def _taken(estimator: Any, i: int, column: Columns, values: np.ndarray, unknown: float, step: Step) -> Node:
    """Return the entry of ``values`` for the category of each row, and ``unknown`` for others."""
    present, nan, none = _kinds(estimator.categories_[i])
    order = [*present, *(j for j in (nan, none) if j is not None)]
    nan_code, none_code = (UNKNOWN if j is None else order.index(j) for j in (nan, none))
    positions = _lookup(estimator, i, column, present, nan_code, none_code, step)
    return ops.Take(positions, Parameter.of(values[order]), float(unknown))


def _ordinal(estimator: Any, i: int, column: Columns, step: Step) -> Node:
    """Return the number of each category of one column."""
    values = np.arange(len(estimator.categories_[i])).astype(estimator.dtype)
    groups = _groups(estimator, i)
    values[: len(groups)] = np.array(groups).astype(estimator.dtype)
    if values.dtype not in DTYPE_NAMES:
        raise step.refuse("dtype", "columns do not support it", "use a float or an integer type")
    if i in estimator._missing_indices:
        values[estimator._missing_indices[i]] = estimator.encoded_missing_value
    unknown = 0 if estimator.unknown_value is None else estimator.unknown_value
    return _taken(estimator, i, column, values, unknown, step)


def _lookup(
    estimator: Any, i: int, column: Columns, order: Sequence[int], nan_code: int, none_code: int, step: Step
) -> Node:
    """Return the position in ``order`` of the category of each row."""
    categories = estimator.categories_[i]
    keys = [categories[j] for j in order]
    options: dict[str, Any] = {"nan_code": nan_code, "none_code": none_code, "column": str(i)}
    options["refuse_unknown"] = getattr(estimator, "handle_unknown", "ignore") == "error"
    dates = date_keys(estimator.categories_[i], order, column)
    if dates is not None:
        return ops.Lookup(*dates, **{**options, "column": f"{i} (ticks of dates)"})
    if all(isinstance(key, str) for key in keys) and categories.dtype.kind in "OU":
        texts = column.text()
        if base_of_column(texts) in step.inputs.framed:
            options["none_code"] = nan_code
        return ops.Lookup(texts, Parameter.strings([str(key) for key in keys]), **options)
    x = ops.RequireFinite(column.number(), type(estimator).__name__, allow_nan=True)
    wide = x if x.type.dtype == "f64" else ops.Cast(x, "f64")
    return ops.Lookup(wide, Parameter.of(_numbers(keys, step)), **options)


def _numbers(keys: Sequence[Any], step: Step) -> np.ndarray:
    """Return categories as float64, the type in which requests carry them."""
    kinds = {np.asarray(key).dtype.kind for key in keys}
    if any(_is_date(key) for key in keys):
        remedy = "fit it on a DataFrame without NaT, and give one as a sample; or use numbers, such as dates.dt.year"
        raise step.refuse("categories", f"a column holds dates ({type(keys[0]).__name__})", remedy)
    if not kinds <= set("biuf"):
        held = sorted({type(key).__name__ for key in keys})
        said = f"values of type {held[0]}" if len(held) == 1 else f"values of several kinds ({', '.join(held[:4])})"
        raise step.refuse(
            "categories", f"a column holds {said}", "make them all strings or all numbers, such as by str"
        )
    if any(abs(int(key)) >= WHOLE_FLOATS for key in keys if np.asarray(key).dtype.kind in "iu"):
        raise step.refuse(
            "categories", "float64 cannot hold an integer category", "encode such large integers as strings"
        )
    return np.array(keys, np.float64)


def _is_date(key: Any) -> bool:
    return isinstance(key, (date, time, timedelta, np.datetime64, np.timedelta64))


def _kinds(categories: Any) -> tuple[list[int], int | None, int | None]:
    """Return the positions of present values, of NaN, and of None among the categories."""
    none = next((j for j, category in enumerate(categories) if category is None), None)
    nan = next(
        (j for j, category in enumerate(categories) if isinstance(category, Real) and category != category), None
    )
    return [j for j in range(len(categories)) if j not in (nan, none)], nan, none


def _mapping(estimator: Any, i: int) -> Any:
    return estimator._default_to_infrequent_mappings[i] if estimator._infrequent_enabled else None


def _groups(estimator: Any, i: int) -> list[int]:
    """Return the group of each category of column i: itself, or the last group for infrequent ones."""
    mapping = _mapping(estimator, i)
    return list(range(len(estimator.categories_[i]))) if mapping is None else [int(group) for group in mapping]


def _dropped(estimator: Any, i: int) -> int | None:
    dropped = getattr(estimator, "_drop_idx_after_grouping", None)
    return None if dropped is None or dropped[i] is None else int(dropped[i])


def _is_of_floats(encoder: Any) -> bool:
    """Return whether an encoder compares fractions with categories; rounding leaves whole numbers as they are."""
    learned = [np.asarray(values) for values in getattr(encoder, "categories_", ())]
    return any(values.dtype.kind == "f" and (values != np.rint(values)).any() for values in learned)


reads_thresholds(OneHotEncoder, OrdinalEncoder, TargetEncoder, compares=_is_of_floats)
