"""Encoders of category_encoders: tables of the numbers that the encoder returns for each category."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import Any

import category_encoders
import pandas as pd

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, given, imports
from pretzel.importers.sklearn.common.handing import gives_pandas, hands_on
from pretzel.importers.tabulated import tabulated

KINDS = tuple(
    getattr(category_encoders, name)
    for name in (
        *("BackwardDifferenceEncoder", "BaseNEncoder", "BinaryEncoder", "CatBoostEncoder", "CountEncoder"),
        *("CountTargetEncoder", "GrayEncoder", "HelmertEncoder", "JamesSteinEncoder", "LeaveOneOutEncoder"),
        *("MEstimateEncoder", "OneHotEncoder", "OrdinalEncoder", "PolynomialEncoder", "QuantileEncoder"),
        *("RankHotEncoder", "SumEncoder", "SummaryEncoder", "TargetEncoder", "WOEEncoder"),
    )
    if name in vars(category_encoders)  # older versions lack some
)


@given(*KINDS)
def columns_of_encoder(estimator: Any, inputs: Inputs) -> Columns:
    """Return a column per name; or one matrix, if it was fitted on an array, whose columns it numbers."""
    names = list(getattr(estimator, "feature_names_in_", ()))
    if all(isinstance(name, str) for name in names):
        return Columns.given(inputs, names or None)
    return Columns.given(inputs, None, len(names))


@imports(*KINDS)
def encoder(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the numbers of each category in place of its column; other columns are passed."""
    if x.further or step.is_model:  # further columns of a table are passed too
        step.inputs.metadata["others"] = "refused"
    columns = encoded(estimator, x, step)
    if columns.holds_texts:
        raise step.refuse("cols", "it returns both texts and numbers", "encode all columns of texts, or drop them")
    return {"transform": columns.array()}


@hands_on(*KINDS)
def encoded(estimator: Any, x: Columns, step: Step) -> Columns:
    """Return the columns that the encoder returns: a table, or an array with ``return_df=False``."""
    if getattr(estimator, "n_features_in_", None) is None:  # some set attributes that look fitted in the constructor
        raise step.refuse("", "it is not fitted", "fit it first")
    if getattr(estimator, "composite_cols", None):
        raise step.refuse("composite_cols", "it encodes several columns together", "join the texts before the model")
    if getattr(estimator, "hierarchy", None) is not None:
        raise step.refuse("hierarchy", "it encodes groups of categories too", "use a column for each level")
    knowing = getattr(estimator, "encoder_list", [estimator])[0]  # a summary holds an encoder for each quantile
    dtypes = dict(zip(estimator.feature_names_in_, knowing.feature_dtypes_in_, strict=True))
    keys = {name: _known(knowing, name, dtypes[name]) for name in _encoded_columns(knowing, estimator.cols)}
    plain = copy(estimator)
    plain._sklearn_output_config = {"transform": "default"}
    columns = tabulated(lambda table: plain.transform(table, override_return_df=True), keys, dtypes, x, step)
    is_table = estimator.return_df or gives_pandas(estimator)
    return replace(columns if is_table else Columns.of(columns.array()), further=x.further)


def _known(estimator: Any, name: Any, dtype: Any) -> list[Any]:
    """Return the values of a column that the encoder distinguishes; numbers have no name of a group among them."""
    lumped = (getattr(estimator, "min_group_lumping_", None) or {}).get(name, {})
    merged = (getattr(estimator, "_min_group_categories", None) or {}).get(name, {})
    values = [*_categories(estimator, name), *lumped, *merged]
    whole = pd.api.types.is_numeric_dtype(dtype)
    return list(dict.fromkeys(one for one in values if not (pd.isna(one) or (whole and isinstance(one, str)))))


def _encoded_columns(estimator: Any, named: list[Any]) -> list[Any]:
    """Return the columns that are encoded: those of a mapping that a user wrote, which may be others than ``cols``."""
    mapping = getattr(estimator, "mapping", None)
    if isinstance(mapping, list) and getattr(estimator, "ordinal_encoder", None) is None:
        return list(dict.fromkeys(one["col"] for one in mapping))
    return named


def _categories(estimator: Any, name: Any) -> Iterable[Any]:
    """Return the categories of a column from the mapping of the encoder, or of the ordinal encoder inside it."""
    ordinal = getattr(estimator, "ordinal_encoder", None)
    mapping = estimator.mapping if ordinal is None else ordinal.mapping
    if isinstance(mapping, dict):
        return list(mapping[name].index)
    mapped = next(one["mapping"] for one in mapping if one["col"] == name)
    return list(mapped) if isinstance(mapped, dict) else list(mapped.index)
