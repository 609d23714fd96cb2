"""Estimators with options or attributes that their own library fails on: rejected by name, not by a raw error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_selection import SelectFdr, SelectFromModel
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import UnsupportedError

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)
INVALID: dict[str, tuple[Any, str]] = {
    "no number of neighbours": (KNeighborsClassifier(n_neighbors=None), "TypeError"),
    "no radius": (RadiusNeighborsClassifier(radius=None), "TypeError"),
    "a method that is not there": (
        FixedThresholdClassifier(GaussianNB(), response_method="decision_function"),
        "KeyError: 'decision_function'",
    ),
    "a label of another class": (FixedThresholdClassifier(GaussianNB(), pos_label="a"), "IndexError"),
    "no importances": (SelectFromModel(HistGradientBoostingRegressor(max_iter=2)), "ValueError.*feature_importances_"),
}


@pytest.mark.parametrize("case", INVALID)
@pytest.mark.parametrize("alone", [True, False])
def test_options_that_cannot_be_read_are_refused_by_name(case: str, alone: bool) -> None:
    step, reason = INVALID[case]
    model = (step if alone else make_pipeline(StandardScaler(), step)).fit(X, Y)
    with pytest.raises(UnsupportedError, match=f"{type(step).__name__} cannot be served: .*{reason}.*see whether its"):
        pretzel.compile(model)
    (refusal,) = pretzel.check(model).refusals
    assert refusal.step.endswith(type(step).__name__.lower())


@pytest.mark.filterwarnings("ignore:No features were selected")
def test_a_selector_of_no_column_is_refused_by_name() -> None:
    model = SelectFdr(alpha=1e-30).fit(X, np.arange(40) % 2)
    assert model.transform(X).shape == (40, 0)
    with pytest.raises(UnsupportedError, match="SelectFdr cannot be served: it returns no column; keep at least one"):
        pretzel.compile(model)
