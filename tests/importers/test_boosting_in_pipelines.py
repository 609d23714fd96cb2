"""Boosted trees of LightGBM and XGBoost at the end of scikit-learn's pipelines, and inside its meta-estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import StackingClassifier, VotingClassifier, VotingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.importers.sklearn.frames import assert_serves
from tests.importers.xgboost.examples import CLASSES, COUNTS, YES, X, Y

SMALL: dict[str, Any] = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1, "random_state": 0}
LEAVES: dict[str, Any] = {"min_child_samples": 2, "verbose": -1}
WORDS = np.array(["good", "bad", "film", "fine", "awful", "plot", "the"])
DRAWN = np.random.default_rng(1).integers(0, len(WORDS), (len(X), 5))
TEXTS = [" ".join(row) for row in WORDS[DRAWN]]
TABLE = pd.DataFrame({"text": TEXTS, "n": np.round(X[:, 1]), "kind": WORDS[DRAWN[:, 0]], "gap": X[:, 0]})
BATCHES = (1, 7, len(X))

Make = Callable[..., Any]


@pytest.fixture(params=["lightgbm", "xgboost"])
def classifier(request: pytest.FixtureRequest) -> Make:
    if request.param == "xgboost":
        return lambda **options: xgboost.XGBClassifier(**SMALL | options)
    return lambda **options: lightgbm.LGBMClassifier(**SMALL | LEAVES | options)


@pytest.fixture(params=["lightgbm", "xgboost"])
def regressor(request: pytest.FixtureRequest) -> Make:
    if request.param == "xgboost":
        return lambda **options: xgboost.XGBRegressor(**SMALL | options)
    return lambda **options: lightgbm.LGBMRegressor(**SMALL | LEAVES | options)


def test_after_texts(classifier: Make) -> None:
    assert_serves(make_pipeline(TfidfVectorizer(), classifier()).fit(TEXTS, YES), TEXTS, batches=BATCHES)


@pytest.mark.parametrize("sparse_threshold", [0.0, 1.0])
def test_after_columns_of_every_kind(classifier: Make, sparse_threshold: float) -> None:
    """In sparse rows, XGBoost reads even a zero number as missing."""
    columns = make_column_transformer(
        (TfidfVectorizer(), "text"),
        (OneHotEncoder(handle_unknown="ignore"), ["kind"]),
        (SimpleImputer(), ["gap"]),
        ("passthrough", ["n"]),
        sparse_threshold=sparse_threshold,
    )
    assert_serves(make_pipeline(columns, classifier()).fit(TABLE, CLASSES), TABLE, batches=BATCHES)


def test_after_codes_and_scaling(regressor: Make) -> None:
    unknown = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((unknown, ["kind"]), (StandardScaler(), ["n", "gap"]))
    pipeline = make_pipeline(columns, regressor()).fit(TABLE, Y)
    assert_serves(pipeline, TABLE.assign(kind=["new", *TABLE["kind"][1:]]), sample=TABLE, batches=BATCHES)


@pytest.mark.parametrize(
    "around",
    [
        lambda make: CalibratedClassifierCV(make(), cv=2),
        lambda make: VotingClassifier([("a", make()), ("b", make(n_estimators=2))], voting="soft"),
        lambda make: VotingClassifier([("a", make()), ("b", make(n_estimators=2)), ("c", make(max_depth=1))]),
        lambda make: StackingClassifier([("a", make()), ("b", make(n_estimators=2))], cv=2),
        lambda make: GridSearchCV(make(), {"max_depth": [1, 2]}, cv=2),
        lambda make: OneVsRestClassifier(make()),
        lambda make: make_pipeline(SelectFromModel(make()), make()),
    ],
    ids=["calibrated", "soft", "hard", "stacking", "search", "one-vs-rest", "selected"],
)
@pytest.mark.parametrize("y", [YES, CLASSES], ids=["two", "three"])
def test_inside_a_classifier(classifier: Make, around: Callable[[Make], Any], y: np.ndarray) -> None:
    estimator = around(classifier).fit(X, y)
    # A linear model of float32 probabilities differs in the last bits.
    tolerant = isinstance(estimator, StackingClassifier)
    assert_serves(estimator, X.astype(np.float32) if tolerant else X, batches=BATCHES)


@pytest.mark.parametrize(
    ("around", "y"),
    [
        (lambda make: MultiOutputRegressor(make()), np.column_stack([Y, COUNTS])),
        (lambda make: VotingRegressor([("a", make()), ("b", make(n_estimators=2))]), Y),
        (lambda make: TransformedTargetRegressor(make(), func=np.log, inverse_func=np.exp), COUNTS),
    ],
    ids=["several", "voting", "target"],
)
def test_inside_a_regressor(regressor: Make, around: Callable[[Make], Any], y: np.ndarray) -> None:
    assert_serves(around(regressor).fit(X, y), X, batches=BATCHES)
