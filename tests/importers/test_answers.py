"""Functions that compute an output by the library when no method returns it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.importers import answers as registry
from pretzel.importers.answers import answer_of, answers

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X @ [1.0, -2.0, 3.0]


@pytest.fixture
def doubled(monkeypatch: pytest.MonkeyPatch) -> str:
    """Register an output of Ridge for this test only."""
    monkeypatch.setattr(registry, "ANSWERS", dict(registry.ANSWERS))
    answers("doubled", Ridge)(lambda estimator, x: 2 * estimator.predict(x))
    return "doubled"


def test_methods_answer_for_themselves() -> None:
    fitted = Ridge().fit(X, Y)
    ask = answer_of(fitted, "predict")
    assert ask is not None
    np.testing.assert_array_equal(ask(X), fitted.predict(X))


def test_an_unregistered_output_has_no_answer() -> None:
    assert answer_of(Ridge(), "doubled") is None


def test_a_registered_function_precedes_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ANSWERS", dict(registry.ANSWERS))
    answers("apply", RandomForestRegressor)(lambda estimator, x: "registered")
    ask = answer_of(RandomForestRegressor(), "apply")
    assert ask is not None
    assert ask(X) == "registered"


def test_pipelines_ask_their_last_step_over_its_own_input(doubled: str) -> None:
    fitted = make_pipeline(StandardScaler(), Ridge()).fit(X, Y)
    ask = answer_of(fitted, doubled)
    assert ask is not None
    np.testing.assert_array_equal(ask(X), 2 * fitted.predict(X))


def test_searches_ask_their_best_estimator_through_pipelines(doubled: str) -> None:
    inner = Pipeline([("only", Ridge())])
    fitted = GridSearchCV(inner, {"only__alpha": [0.1, 1.0]}, cv=2).fit(X, Y)
    ask = answer_of(fitted, doubled)
    assert ask is not None
    np.testing.assert_array_equal(ask(X), 2 * fitted.predict(X))


def test_a_last_step_that_cannot_answer_is_not_asked(doubled: str) -> None:
    fitted = make_pipeline(StandardScaler(), RandomForestRegressor(n_estimators=1)).fit(X, Y)
    assert answer_of(fitted, doubled) is None
