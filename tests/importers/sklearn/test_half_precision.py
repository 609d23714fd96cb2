"""Functions that NumPy computes in float16 are rejected, since the steps after them compute in it too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import MissingIndicator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError

X = np.random.default_rng(0).normal(size=(60, 3)) * 50
HOLED = np.where(X > 40, np.nan, X)
SCALED = make_pipeline(FunctionTransformer(np.rint), StandardScaler()).fit(X)


@pytest.mark.parametrize("kind", ["u1", "i1", "?"])
@pytest.mark.parametrize("give", [np.asarray, pd.DataFrame])
def test_rounding_small_integers_makes_float16(kind: str, give: Any) -> None:
    rows = give(np.clip(X, 0, 100).astype(kind))
    assert SCALED.transform(np.asarray(rows)).dtype == np.float16
    with pytest.raises((InputError, UnsupportedError), match="rint"):
        pretzel.compile(SCALED).transform(rows)


@pytest.mark.parametrize("kind", ["i2", "u2", "i4", "i8", "f4", "f8"])
def test_rounding_other_numbers_is_served(kind: str) -> None:
    rows = np.clip(X, 0, 100).astype(kind)
    want = SCALED.transform(rows)
    got = pretzel.compile(SCALED).transform(rows)
    np.testing.assert_allclose(got, want, rtol=2e-6 if want.dtype == np.float32 else 1e-12)


def test_rounding_indicators_is_rejected() -> None:
    model = make_pipeline(MissingIndicator(features="all"), FunctionTransformer(np.rint), StandardScaler()).fit(HOLED)
    assert model.transform(HOLED).dtype == np.float16
    with pytest.raises(UnsupportedError, match="rint of bool is computed by other rules than of floats"):
        pretzel.compile(model)
