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


def test_texts_and_numbers_together_are_refused() -> None:
    model = FunctionTransformer(lambda df: df[["t", "f"]].fillna({"t": ""})).fit(TABLE)
    with pytest.raises(UnsupportedError, match="expected numbers, got str; encode the texts first"):
        pretzel.compile(model, sample=TABLE)
