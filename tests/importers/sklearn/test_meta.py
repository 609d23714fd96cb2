"""Meta-estimators whose members tie, read other columns or texts, or are not supported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, multiclass
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

RANDOM = np.random.default_rng(41)
X = RANDOM.normal(size=(120, 4))
Y = X[:, 0] - 2.0 * X[:, 1] * X[:, 2]
KINDS = np.array(["a", "b", "c", "d"])[np.digitize(Y, [-1.5, 0.0, 1.5])]
NEW = RANDOM.normal(size=(400, 4))
STUMPS = [(f"on {i}", DecisionTreeClassifier(max_depth=1, max_features=1, random_state=i)) for i in range(6)]
LOGISTIC = LogisticRegression()


@pytest.mark.parametrize("weights", [None, [1, 2, 3, 3, 2, 1], [0.1, 0.2, 0.3, 0.3, 0.2, 0.1]])
@pytest.mark.parametrize("voting", ["hard", "soft"])
def test_votes_that_tie_go_to_the_same_class(voting: str, weights: Any) -> None:
    fitted = ensemble.VotingClassifier(STUMPS, voting=voting, weights=weights).fit(X, KINDS)
    assert_serves(fitted, NEW, sample=NEW)


@pytest.mark.parametrize("of", [DecisionTreeClassifier(max_depth=1), LOGISTIC, RidgeClassifier()])
def test_pairs_that_tie_go_to_the_same_class(of: Any) -> None:
    assert_serves(multiclass.OneVsOneClassifier(of).fit(X, KINDS), NEW, sample=NEW)


def test_log_probabilities_of_bagged_discriminants_are_not_infinite() -> None:
    fitted = ensemble.BaggingClassifier(LinearDiscriminantAnalysis(), n_estimators=3, random_state=0).fit(X, KINDS)
    far = 1e3 * NEW
    assert np.isfinite(fitted.predict_log_proba(far)).all()
    assert (fitted.predict_proba(far) == 0).any()
    assert_serves(fitted, NEW, sample=NEW)
    got = pretzel.compile(fitted).predict_log_proba(far)
    np.testing.assert_allclose(got, fitted.predict_log_proba(far), rtol=1e-6, atol=1e-9)


def test_probabilities_that_are_all_tiny_are_shares_of_their_sum() -> None:
    near = np.repeat(np.eye(3, 4), 40, axis=0)
    fitted = multiclass.OneVsRestClassifier(GaussianNB()).fit(near + 0.2 * X, np.repeat([0, 1, 2], 40))
    far = NEW * np.logspace(-1, 1, len(NEW))[:, None]
    each = np.array([one.predict_proba(far)[:, 1] for one in fitted.estimators_])
    assert ((each.sum(axis=0) < 1e-15) & (each.sum(axis=0) > 0)).any()
    assert_serves(fitted, far, sample=far)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_trees_without_any_probability_leave_zeros(seed: int) -> None:
    fitted = multiclass.OneVsRestClassifier(DecisionTreeClassifier(max_features=1, random_state=seed)).fit(X, KINDS)
    assert (fitted.predict_proba(NEW).sum(axis=1) == 0).any()
    assert_serves(fitted, NEW, sample=NEW)


@pytest.mark.parametrize(
    "model",
    [
        ensemble.VotingClassifier([("a", LOGISTIC), ("b", LOGISTIC)], voting="soft"),
        ensemble.BaggingClassifier(LOGISTIC, n_estimators=3, random_state=0),
        ensemble.AdaBoostClassifier(n_estimators=3, random_state=0),
        ensemble.StackingClassifier([("a", LOGISTIC), ("b", STUMPS[0][1])], cv=2, passthrough=True),
        multiclass.OneVsRestClassifier(LOGISTIC),
        CalibratedClassifierCV(LOGISTIC, cv=2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_float32_and_texts_are_read_as_the_library_reads_them(model: Any) -> None:
    assert_serves(model.fit(X, KINDS), X.astype(np.float32), sample=X.astype(np.float32))
    texts = [" ".join(RANDOM.choice(["big", "small", "old", "new"], 3)) for _ in range(60)]
    over_texts = make_pipeline(TfidfVectorizer(), model).fit(texts, np.arange(60) % 3)
    assert_serves(over_texts, texts, sample=texts)


def test_members_may_be_pipelines_and_read_a_table() -> None:
    table = pd.DataFrame(X, columns=list("pqrs"))
    lines = make_pipeline(StandardScaler(), LOGISTIC)
    fitted = ensemble.StackingClassifier([("line", lines), ("tree", STUMPS[0][1])], lines, cv=2).fit(table, KINDS)
    assert_serves(fitted, table, sample=table)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bags_read_columns_of_their_own_more_than_once(seed: int) -> None:
    model = ensemble.BaggingClassifier(LOGISTIC, 5, max_features=0.75, bootstrap_features=True, random_state=seed)
    assert_serves(model.fit(X, KINDS), NEW, sample=NEW)


def test_logarithms_that_the_mean_would_lose_are_not_served() -> None:
    fitted = ensemble.BaggingClassifier(GaussianNB(), n_estimators=3, random_state=0).fit(X, KINDS)
    assert "predict_log_proba" not in assert_serves(fitted, NEW, sample=NEW).outputs


@pytest.mark.parametrize("contamination", [0.1, 0.25, 0.5])
def test_a_row_whose_score_is_the_offset_is_an_inlier(contamination: float) -> None:
    x = X[:101]
    fitted = ensemble.IsolationForest(n_estimators=20, contamination=contamination, random_state=0).fit(x)
    assert (fitted.decision_function(x) == 0).any()
    assert_serves(fitted, x, sample=x)
    assert_serves(fitted, NEW, sample=NEW)


def test_input_that_a_member_refuses_is_refused() -> None:
    fitted = ensemble.VotingRegressor([("a", LinearRegression()), ("b", LinearRegression())]).fit(X, Y)
    broken = X[:3].copy()
    broken[1, 2] = np.nan
    with pytest.raises(InputError, match="row 1"):
        served(export(fitted, sample=X), broken)


@pytest.mark.parametrize(
    ("fitted", "message"),
    [
        (ensemble.StackingClassifier([("a", STUMPS[0][1])], STUMPS[0][1], cv=2).fit(X, (X > 0)[:, :2]), "outputs"),
    ],
    ids=["several outputs"],
)
def test_what_cannot_be_served_is_said(fitted: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        export(fitted, sample=X)
