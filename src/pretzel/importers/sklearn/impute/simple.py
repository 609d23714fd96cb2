"""Importer of the imputer that fills each column with one value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from numbers import Real
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Computed
from pretzel.importers.objects import origins
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.handing import gives_pandas, hands_on
from pretzel.importers.sklearn.impute.booleans import without_booleans
from pretzel.importers.sklearn.preprocessing.functions import as_compared
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES

reads_entries(SimpleImputer, alike=True)
widens(SimpleImputer, where=lambda imputer: imputer.strategy in ("mean", "median"))


@imports(SimpleImputer)
def simple_imputer(estimator: SimpleImputer, x: Columns, step: Step) -> Methods:
    """Return x with missing values filled, without columns that were empty in training, followed by indicators."""
    imputed = imputed_columns(estimator, x, step)
    if len(imputed.parts) > 1:
        remedy = "follow it by an encoder in a Pipeline, or impute texts and numbers by one SimpleImputer each"
        raise step.refuse("strategy", "it returns texts and numbers in one array", remedy)
    (part,) = imputed.parts
    assert isinstance(part, Node)
    return {"transform": part}


@hands_on(SimpleImputer)
def imputed_columns(estimator: SimpleImputer, x: Columns, step: Step) -> Columns:
    """Return the columns for the next step: texts and numbers if the imputer was fitted on objects."""
    if x.is_sparse:
        remedy = "make the step before it give a dense one"
        raise step.refuse("", "it is given a sparse matrix", remedy, about_input=True)
    positions, frame = _kept_columns(estimator), gives_pandas(estimator)
    fill = estimator.statistics_[positions].astype(estimator._fill_dtype)
    if fill.dtype != object:
        return Columns((_imputed_numbers(estimator, x, fill.astype(np.float64), positions, step),), frame=frame)
    if estimator.add_indicator:
        raise step.refuse(
            "add_indicator", "objects and indicators are not one array of numbers", "add a MissingIndicator instead"
        )
    texts = _are_texts(x, positions, fill.tolist(), step)
    columns = zip(positions, fill.tolist(), texts, strict=True)
    runs = [(is_text, list(run)) for is_text, run in groupby(columns, key=lambda column: column[2])]
    return Columns(tuple(_imputed_objects(estimator, x, run, text, step) for text, run in runs), frame=frame)


def _imputed_objects(
    estimator: Any, x: Columns, run: Sequence[tuple[int, Any, bool]], is_text: bool, step: Step
) -> Node:
    """Return neighbouring columns of texts, or of numbers, with missing values filled."""
    columns, fill = x.select([position for position, *_ in run]), [value for _, value, _ in run]
    if is_text:
        return _imputed_texts(estimator, columns, [str(value) for value in fill], step)
    numbers = columns.numbers()
    # Neither a text among numbers nor NaN is a category that an encoder learned.
    replacements = [float("nan") if isinstance(value, str) else value for value in fill]
    filled = Parameter.of(np.array(replacements, numbers.type.numpy))
    marker = estimator.missing_values
    if marker is None:
        return ops.ImputeObjects(numbers, filled, missing_none=True, of_objects=True)
    if not _is_nan(marker) and not isinstance(marker, Real):
        raise step.refuse("missing_values", "it is not a number", "use NaN, None or a number")
    missing = float("nan") if _is_nan(marker) else float(marker)
    return _filled(numbers, filled, missing, marker, of_objects=True)


def _are_texts(x: Columns, positions: Sequence[int], fill: Sequence[Any], step: Step) -> list[bool]:
    """Return which columns hold texts, by the categories of a following encoder, else by the fill values."""
    filled = [_is_text(value, step) for value in fill]
    learned = _learned_texts(step)
    if learned is not None and len(learned) == len(filled):
        if any(text and not by for text, by in zip(learned, filled, strict=True)):
            raise step.refuse("fill_value", "it fills texts with numbers", "fill in a text, by a separate imputer")
        return learned
    dtypes = [x.select([position]).settled_dtype() for position in positions]
    if any(by and kind not in (None, "str") for by, kind in zip(filled, dtypes, strict=True)):
        remedy = "impute texts and numbers by one SimpleImputer each"
        raise step.refuse("fill_value", "it fills numbers with texts", remedy)
    return filled


def _learned_texts(step: Step) -> list[bool] | None:
    """Return for each column whether the following encoder learned texts; None if another step follows."""
    path, following = step.inputs.followed
    if path != step.path or not isinstance(following, (OneHotEncoder, OrdinalEncoder, TargetEncoder)):
        return None
    present = [[key for key in categories if key is not None and key == key] for categories in following.categories_]
    return [all(isinstance(key, str) for key in keys) for keys in present] if all(present) else None


def _is_text(fill: Any, step: Step) -> bool:
    """Return whether a column is filled with a text.

    Raises:
        UnsupportedError: the value is neither a text nor a number, or float64 cannot hold it.
    """
    if not isinstance(fill, (str, Real)):
        remedy = "fill in texts, or numbers and booleans"
        raise step.refuse("strategy", f"it fills in {fill!r:.60}, of type {type(fill).__name__}", remedy)
    if isinstance(fill, Real) and fill == fill and float(fill) != fill:
        raise step.refuse("strategy", f"float64 cannot hold its value {fill!r:.60}", "fill in a smaller number")
    return isinstance(fill, str)


def _kept_columns(estimator: Any) -> list[int]:
    """Return the columns that the imputer keeps: all, or those with a fill value."""
    if estimator.keep_empty_features:
        return list(range(len(estimator.statistics_)))
    return [j for j, value in enumerate(estimator.statistics_) if value is None or value == value]


def _imputed_numbers(estimator: Any, x: Columns, fill: np.ndarray, positions: Sequence[int], step: Step) -> Node:
    marker = estimator.missing_values
    finds_nan = _is_nan(marker)
    if not finds_nan and not isinstance(marker, Real):
        raise step.refuse("missing_values", "it is not a number", "use NaN or a number")
    keeps_type = estimator.strategy in ("most_frequent", "constant")
    step.inputs.tells_integers |= keeps_type
    if keeps_type:
        without_booleans(x, step)
    keeps = keeps_type and not x.array().type.is_float
    if keeps:
        whole = x.array()
        _check_fill(estimator, whole, step)
        if x.frame:
            step.inputs.joined.append(whole)
        return _imputed_integers(estimator, whole, fill, positions)
    checked = ops.RequireFinite(x.numbers(), type(estimator).__name__, finds_nan)
    missing = float("nan") if finds_nan else as_compared(marker, checked.type.numpy)
    values = checked if len(positions) == x.width else ops.Select(checked, Parameter.of(np.array(positions, np.int64)))
    filled = Parameter.of(fill.astype(checked.type.numpy))
    # A mean needs floats; the other strategies keep objects, and then NaN does not match None.
    as_objects = keeps_type and checked.type.is_float and any(origins(checked))
    imputed = _filled(values, filled, missing, marker) if as_objects else ops.Impute(values, filled, missing)
    if not estimator.add_indicator:
        return imputed
    leaves_none = as_objects and finds_nan and isinstance(marker, Real)
    return ops.Concat((imputed, _indicators(estimator, checked, missing, leaves_none)))


def _check_fill(estimator: Any, whole: Node, step: Step) -> None:
    """Check that integers can hold a constant, as the library does, whether or not it fills one in.

    Raises:
        UnsupportedError: NumPy does not cast the constant to the type of the integers.
    """
    if estimator.strategy != "constant":
        return
    kinds = [kind for kind in NUMPY_DTYPES.values() if kind.kind in "iu"]
    takes = tuple(DTYPE_NAMES[kind] for kind in kinds if np.can_cast(estimator._fill_dtype, kind, "same_kind"))
    if step.inputs.trial:
        step.inputs.computed.append(Computed(whole, takes, by_column=False, reader=step.path))
    elif whole.type.dtype not in takes:
        reason = f"the library does not cast its {estimator._fill_dtype} to the {whole.type.numpy} of the input"
        raise step.refuse("fill_value", reason, "convert the input to float64", about_input=True)


def _imputed_integers(estimator: Any, x: Node, fill: np.ndarray, positions: Sequence[int]) -> Node:
    """Return integers, which these strategies keep as integers, with the missing-value marker replaced."""
    values = x if len(positions) == x.type.columns else ops.Select(x, Parameter.of(np.array(positions, np.int64)))
    marker = estimator.missing_values
    imputed: Node = values
    if not _is_nan(marker):
        wide = values if values.type.dtype == "i64" else ops.Cast(values, "i64")
        filled = ops.Impute(wide, Parameter.of(fill.astype(np.int64)), float(marker))
        imputed = filled if values.type.dtype == "i64" else ops.Cast(filled, values.type.dtype)
    if not estimator.add_indicator:
        return imputed
    features = Parameter.of(np.asarray(estimator.indicator_.features_, np.int64))
    missing = ops.MissingIndicator(ops.Cast(x, "f64"), features, float("nan" if _is_nan(marker) else marker), "bool")
    return ops.Concat((imputed, ops.Cast(missing, x.type.dtype)))


def _filled(x: Node, fill: Parameter, missing: float, marker: Any, *, of_objects: bool = False) -> Node:
    """Return objects with values that match ``marker`` filled; pandas.NA matches both NaN and None."""
    imputed = ops.ImputeObjects(x, fill, missing, of_objects=of_objects)
    if isinstance(marker, Real):
        return imputed
    return ops.ImputeObjects(imputed, fill, missing_none=True, of_objects=of_objects)


def _indicators(estimator: Any, checked: Node, missing: float, leaves_none: bool) -> Node:
    """Return one where a value of the indicated columns is missing; None counts only if the marker matches it."""
    features, dtype = Parameter.of(np.asarray(estimator.indicator_.features_, np.int64)), checked.type.dtype
    indicators: Node = ops.MissingIndicator(checked, features, missing, dtype)
    if not leaves_none:
        return indicators
    zeros = Parameter.of(np.zeros(checked.type.columns, checked.type.numpy))
    nones = ops.MissingIndicator(ops.ImputeObjects(checked, zeros), features, missing, dtype)
    return ops.Arithmetic(indicators, nones, "subtract")


def _imputed_texts(estimator: Any, x: Columns, fill: Sequence[str], step: Step) -> Node:
    texts, strings, marker = x.texts(), Parameter.strings(fill), estimator.missing_values
    if isinstance(marker, str):
        return ops.Impute(texts, strings, missing_text=marker)
    if marker is None:
        return ops.Impute(texts, strings, missing_none=True)
    if not _is_nan(marker):
        raise step.refuse("missing_values", "it does not match texts", "use NaN, None or a string")
    imputed = ops.Impute(texts, strings)
    # pandas.NA matches both NaN and None.
    return imputed if isinstance(marker, float) else ops.Impute(imputed, strings, missing_none=True)


def _is_nan(marker: Any) -> bool:
    return type(marker).__name__ == "NAType" or (isinstance(marker, Real) and marker != marker)
