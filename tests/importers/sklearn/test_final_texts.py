"""Transformers whose results are texts may be the last step: their answers equal the library's, missing ones too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.testing import assert_serves

TABLE = pd.DataFrame(
    {"t": ["a b", "Cd", "É", None, "x"] * 3, "u": ["p", "", "q q", "r", None] * 3, "f": np.arange(15.0)}
)
TEXTS = ["Good film", "", "É b"]


class Shouting(TransformerMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Shouting:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> list[str]:
        return [text.upper() + "!" for text in X]


def upper(texts: Any) -> list[str]:
    return [text.upper() for text in texts]


MODELS: dict[str, tuple[Any, Any]] = {
    "list": (FunctionTransformer(upper), TEXTS),
    "series": (FunctionTransformer(lambda df: df["t"].str.lower()), TABLE),
    "table": (FunctionTransformer(lambda df: df[["t", "u"]].fillna("none")), TABLE),
    "missing": (FunctionTransformer(lambda df: df[["u", "t"]]), TABLE),
    "class": (Shouting(), TEXTS),
    "pipeline": (make_pipeline(FunctionTransformer(upper), Shouting()), TEXTS),
}


@pytest.mark.parametrize("name", MODELS)
def test_texts_are_returned(name: str) -> None:
    model, x = MODELS[name]
    model.fit(x)
    assert_serves(model, x)
    got, want = pretzel.compile(model, sample=x).transform(x), np.asarray(model.transform(x), object)
    assert got.dtype == object and got.shape == want.shape
    for ours, theirs in zip(got.ravel(), want.ravel(), strict=True):
        assert ours == theirs or (ours != ours and theirs != theirs)


MIXED: dict[str, Any] = {
    "filled": lambda df: df[["t", "f"]].fillna({"t": ""}),
    "passed": lambda df: df[["u", "i", "t"]],
    "made": lambda df: df.assign(w=df["t"].str.upper(), m=df["i"] * 2, b=df["f"] > 3)[["f", "w", "m", "b", "u"]],
}


@pytest.mark.parametrize("name", MIXED)
def test_texts_and_numbers_together_are_a_table(name: str) -> None:
    table = TABLE.assign(i=np.arange(15) - 3)
    model = FunctionTransformer(MIXED[name]).fit(table)
    assert_serves(model, table, forms=False)
    fast = pretzel.compile(model, sample=table)
    for rows in (table, table[:1], table[::-1], table.astype({"f": "float32"})):
        pd.testing.assert_frame_equal(fast.transform(rows), model.transform(rows).reset_index(drop=True))


def test_dates_at_the_end_are_refused_by_name() -> None:
    table = TABLE.assign(d=pd.Timestamp("2024-02-29"))
    model = FunctionTransformer(lambda df: df[["d", "f"]]).fit(table)
    with pytest.raises(UnsupportedError, match=r"it returns dates or spans; return numbers: .*or .*python='isolated'"):
        pretzel.compile(model, sample=table)


def test_missing_nullable_texts_are_refused_by_name() -> None:
    table = TABLE.astype({"t": "string"})
    model = FunctionTransformer(lambda df: df["t"].str.upper()).fit(table)
    with pytest.raises(UnsupportedError, match="it returned <NA>, and its operators None"):
        pretzel.compile(model, sample=table)
