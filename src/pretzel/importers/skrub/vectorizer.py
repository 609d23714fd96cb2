"""Importer of TableVectorizer: each column is cleaned and encoded by its own transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder
from skrub import StringEncoder, TableVectorizer

from pretzel.importers.columns import Columns
from pretzel.importers.given_forms import note_forms
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.handing import hands_on
from pretzel.importers.skrub.strings import encoded, filled
from pretzel.importers.tabulated import UNSEEN, tabulated
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

NUMERIC = ("ToFloat",)
SERVED = ("CleanNullStrings", "DropUninformative", "CleanCategories", "ToStr", "ToFloat")
"""The cleaning steps, by the names of their classes."""


@imports(TableVectorizer)
def table_vectorizer(estimator: TableVectorizer, x: Columns, step: Step) -> Methods:
    """Return the encoded columns as one matrix of float32."""
    return {"transform": vectorized(estimator, x, step).array()}


@hands_on(TableVectorizer)
def vectorized(estimator: TableVectorizer, x: Columns, step: Step) -> Columns:
    """Return the encoded columns."""
    if estimator.specific_transformers:
        raise step.refuse("specific_transformers", "they are not served", "use a ColumnTransformer for those columns")
    parts = [
        part
        for name, column in zip(estimator.feature_names_in_, x.each(), strict=True)
        for part in _column(estimator, name, column, step)
    ]
    if not parts:
        raise step.refuse("", "it returns no column", "keep at least one column")
    return Columns(tuple(parts), frame=True)


def _column(estimator: TableVectorizer, name: str, column: Columns, step: Step) -> list[Node]:
    """Return the columns made of one column; none if it was dropped."""
    cleaning, encoder = _steps(estimator, name)
    if encoder is None or str(encoder) == "drop":
        return []
    kinds = [type(one).__name__ for one in cleaning]
    unknown = [kind for kind in kinds if kind not in SERVED]
    if unknown:
        reason = f"column {name!r} is converted by {unknown[0]}"
        raise step.refuse("", reason, "convert it before the model, in training too")
    if "ToFloat" in kinds:
        if "CleanNullStrings" in kinds:
            reason = f"column {name!r} holds numbers written as texts"
            raise step.refuse("", reason, "convert it by pandas.to_numeric before the model, in training too")
        return [_number(name, column, encoder, step)]
    nulls = next((one.null_strings_ for one in cleaning if type(one).__name__ == "CleanNullStrings"), None)
    if nulls is not None:
        note_forms(column.text(), ["category"], step.inputs)  # skrub cleans texts, and no categories
    if isinstance(encoder, OneHotEncoder):
        return [_one_hot(name, column, [*cleaning, encoder], nulls, step)]
    if isinstance(encoder, StringEncoder):
        return [_text(name, column, encoder, nulls, step)]
    option = "low_cardinality" if encoder.__class__ is estimator.low_cardinality.__class__ else "high_cardinality"
    raise step.refuse(option, f"column {name!r} is encoded by it", "use a OneHotEncoder or a StringEncoder")


def _steps(estimator: TableVectorizer, name: str) -> tuple[list[Any], Any]:
    """Return the cleaning steps of a column, and its encoder; None if it was dropped."""
    steps = [one for one in estimator.all_processing_steps_[name] if not isinstance(one, dict) and not _is_cast(one)]
    encoder = estimator.transformers_.get(name)
    dropped = any(getattr(one, "drop_", False) for one in steps)
    return [one for one in steps if one is not encoder], None if dropped else encoder


def _is_cast(step: Any) -> bool:
    return type(step).__name__ == "ShortReprDict"


def _number(name: str, column: Columns, encoder: Any, step: Step) -> Node:
    single = ops.Cast(column.number(), "f32")
    if type(encoder).__name__ == "PassThrough":
        return single
    made = step.transform(f"transformers_[{name!r}]", encoder, Columns.of(ops.Concat((single,))))
    return made if made.type.dtype == "f32" else ops.Cast(made, "f32")


def _one_hot(name: str, column: Columns, steps: Sequence[Any], nulls: Sequence[str] | None, step: Step) -> Node:
    """Return a one in the column of each category; texts of spaces alone are missing, as the null strings are."""

    def transform(table: pd.DataFrame) -> pd.DataFrame:
        cleaned = table[name]
        for one in steps[:-1]:
            cleaned = one.transform(cleaned)
        answer = steps[-1].transform(cleaned.to_frame())
        return pd.DataFrame(np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer, np.float32))

    known = [one for one in steps[-1].categories_[0] if isinstance(one, str)]
    keys = list(dict.fromkeys([*known, *(nulls or ())]))
    dtype = np.dtype(object) if nulls is not None else pd.CategoricalDtype()
    made = tabulated(transform, {name: keys}, {name: dtype}, column, step).array()
    unseen, missing = (
        transform(pd.DataFrame({name: pd.Series([one], dtype=object)})).to_numpy() for one in (UNSEEN, np.nan)
    )
    if nulls is None or np.array_equal(unseen, missing):
        return made
    return ops.Where(_is_blank(filled(column)), ops.Constant(made, Parameter.of(missing)), made)


def _text(name: str, column: Columns, encoder: Any, nulls: Sequence[str] | None, step: Step) -> Node:
    texts = filled(column)
    made = encoded(encoder, texts, step.inner(f"transformers_[{name!r}]", encoder))
    if nulls is None:
        return made
    found = ops.Take(ops.Lookup(texts, Parameter.strings(list(nulls))), Parameter.of(np.ones(len(nulls))), 0.0)
    empty = ops.Constant(made, Parameter.of(np.zeros((1, made.type.columns), np.float32)))
    return ops.Where(ops.Cast(found, "bool"), empty, made)


def _is_blank(texts: Node) -> Node:
    """Return whether each text has no character but spaces."""
    counts = ops.Densify(ops.HashNgrams(ops.Tokenize(texts, r"\S"), 1, "word", 1, 1, alternate_sign=False))
    column = ops.Column(counts, 0)
    return ops.Compare(column, ops.Constant(column, Parameter.of(np.zeros(1))), "equal")
