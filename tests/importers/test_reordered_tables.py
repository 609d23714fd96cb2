"""Tables in another order, or with further columns, for classes that read them by position: of users, of libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

import pretzel
from pretzel.errors import InputError
from pretzel.importers import register
from tests.importers.registered import restored

TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["b", "a", "c"])
REJECTED = re.compile(
    "reorder them|column 'z' was not in the training data; drop it|expected 3 features per row, got 4"
)
Y = TABLE["b"] - TABLE["c"]
OTHERS = {
    "permuted": TABLE[["c", "a", "b"]],
    "polars": pl.DataFrame({name: TABLE[name].to_numpy() for name in "cab"}),
    "further first": TABLE.assign(z=1.0)[["z", "b", "a", "c"]],
    "further last": TABLE.assign(z=1.0),
}


class Centered(TransformerMixin, BaseEstimator):
    """Subtracts the means of training, by position; records the names, and does not check them."""

    def fit(self, X: Any, y: Any = None) -> Centered:
        """Learn the means."""
        self.means_, self.feature_names_in_ = np.asarray(X).mean(axis=0), np.array(list(X.columns), object)
        self.n_features_in_ = len(self.means_)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the differences."""
        result: np.ndarray = np.asarray(X)[:, :3] - self.means_
        return result


class Registered(Centered):
    """The same, as a class that is not traced."""

    def transform(self, X: Any) -> np.ndarray:
        """Return the differences."""
        return super().transform(X)


class Named(Centered):
    """Reads its columns by name."""

    def transform(self, X: Any) -> np.ndarray:
        """Return the differences."""
        return super().transform(pd.DataFrame(X)[list(self.feature_names_in_)])


def centered(estimator: Any, x: Any, part: Any) -> dict[str, Any]:
    """Return the differences."""
    return {"transform": x.numbers("f64").standardize(estimator.means_, None)}


@pytest.fixture
def _registrations() -> Iterator[None]:
    with restored():
        register(Registered)(centered)
        register(Named, by_name=True)(centered)
        yield


MODELS = {
    "alone": lambda step: step,
    "pipeline": lambda step: make_pipeline(step, LinearRegression()),
    "union": lambda step: make_pipeline(make_union(step), LinearRegression()),
    "vote": lambda step: VotingRegressor([("a", make_pipeline(step, LinearRegression()))]),
    "by name": lambda step: make_pipeline(make_column_transformer((step, ["b", "a", "c"])), LinearRegression()),
}


def _answer(model: Any, rows: Any) -> Any:
    return (model.predict if hasattr(model, "predict") else model.transform)(rows)


def _agrees_or_rejects(model: Any, rows: Any) -> str:
    """Return ``equal``, ``rejected`` with the reason, or ``library`` if the library rejects the rows."""
    try:
        want = _answer(model, rows)
    except Exception:
        return "library"
    try:
        got = _answer(pretzel.compile(model), rows)
    except InputError as error:
        return f"rejected: {error}"
    np.testing.assert_allclose(np.asarray(got), np.asarray(want), rtol=1e-6, atol=1e-9)
    return "equal"


@pytest.mark.usefixtures("_registrations")
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("step", [Centered(), Registered()], ids=["traced", "registered"])
@pytest.mark.parametrize("around", MODELS)
def test_classes_of_users_agree_or_reject(around: str, step: Any, other: str) -> None:
    model = MODELS[around](step).fit(TABLE, Y)
    assert _agrees_or_rejects(model, TABLE) == "equal"
    how = _agrees_or_rejects(model, OTHERS[other])
    assert how in ("equal", "library") or REJECTED.search(how)
    assert how == "equal" or around != "by name"
    if around in ("alone", "pipeline") and other == "permuted":
        assert "the columns are 'c', 'a', 'b', but the model was trained on 'b', 'a', 'c'; reorder them" in how


@pytest.mark.usefixtures("_registrations")
@pytest.mark.parametrize("other", ["permuted", "further first", "further last"])
def test_a_class_that_is_registered_as_reading_by_name_reads_by_name(other: str) -> None:
    model = make_pipeline(Named(), LinearRegression()).fit(TABLE, Y)
    assert _agrees_or_rejects(model, OTHERS[other]) == "equal"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("other", OTHERS)
def test_selectors_and_votes_of_mlxtend_agree_or_reject(other: str) -> None:
    selection = pytest.importorskip("mlxtend.feature_selection")
    classifier = pytest.importorskip("mlxtend.classifier")
    boosting = pytest.importorskip("lightgbm"), pytest.importorskip("catboost")
    lightgbm, catboost = (
        boosting[0].LGBMClassifier(n_estimators=3, verbose=-1),
        boosting[1].CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False),
    )
    searches = [
        selection.SequentialFeatureSelector(LogisticRegression(), k_features=2, cv=0),
        selection.ExhaustiveFeatureSelector(LogisticRegression(), 2, 2, cv=0, print_progress=False),
    ]
    ensembles = [
        classifier.EnsembleVoteClassifier([lightgbm]),
        classifier.EnsembleVoteClassifier([catboost]),
        classifier.StackingClassifier([catboost], LogisticRegression()),
    ]
    for model in (*searches, *ensembles):
        model.fit(TABLE, (Y > 0).astype(int))
        assert _agrees_or_rejects(model, TABLE) == "equal"
        how = _agrees_or_rejects(model, OTHERS[other])
        assert how in ("equal", "library") or REJECTED.search(how)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("other", OTHERS)
def test_explainable_boosting_machines_agree_or_reject(other: str) -> None:
    glassbox = pytest.importorskip("interpret.glassbox")
    model = glassbox.ExplainableBoostingRegressor(max_rounds=5, interactions=0).fit(TABLE, Y)
    how = _agrees_or_rejects(model, OTHERS[other])
    assert how in ("equal", "library") or (other == "polars" and "reorder them" in how)
