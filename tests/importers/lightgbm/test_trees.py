"""LightGBM's decisions to the bit: missing values, zeros, ties, categories, and randomly generated trees."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.importers.lightgbm.native import read
from tests.importers.lightgbm.examples import CLASSES, COUNTS, FEW, X
from tests.importers.lightgbm.texts import FEATURES, VALUES, text_of, trees
from tests.importers.sklearn.frames import assert_serves

EVERYTHING = np.random.default_rng(3).choice(VALUES, (60, X.shape[1]))


def fitted(y: np.ndarray = COUNTS, kind: type = lightgbm.LGBMRegressor, **options: Any) -> Any:
    columns = options.pop("categorical_feature", "auto")
    return kind(**{**FEW, **options}).fit(X, y, categorical_feature=columns)


@settings(max_examples=60, deadline=None)
@given(st.lists(trees(), min_size=1, max_size=3), st.data())
def test_random_trees(grown: list[dict[str, Any]], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[st.sampled_from(VALUES)] * FEATURES), min_size=1, max_size=40))
    assert_serves(read(text_of(grown).encode()), np.array(rows), exact=True, batches=[len(rows)])


@pytest.mark.parametrize("options", [{}, {"zero_as_missing": True}, {"use_missing": False}], ids=str)
@pytest.mark.parametrize("categorical", ["auto", [3, 4]], ids=str)
def test_missing_values(options: dict[str, bool], categorical: Any) -> None:
    estimator = fitted(categorical_feature=categorical, min_data_per_group=2, cat_smooth=0.1, **options)
    assert_serves(estimator, np.concatenate([X, EVERYTHING]), exact=True)


def test_values_on_both_sides_of_thresholds() -> None:
    estimator = fitted(num_leaves=20)
    text = estimator.booster_.model_to_string()
    lines = [line.partition("=")[2].split() for line in text.splitlines() if line.startswith("threshold=")]
    thresholds = np.array([float(word) for words in lines for word in words])
    around = np.concatenate([thresholds, np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)])
    assert_serves(estimator, np.repeat(around[:, None], X.shape[1], axis=1), exact=True, batches=[len(around)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float32_is_widened(dtype: type) -> None:
    estimator, x = fitted(CLASSES, lightgbm.LGBMClassifier), X.astype(dtype)
    assert_serves(estimator, x, sample=x, exact=True)


def test_trees_without_splits() -> None:
    assert_serves(fitted(np.full(len(X), 3.0)), X, exact=True)
