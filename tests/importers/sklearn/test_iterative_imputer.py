"""Iterative imputation: rows whose answer depends on others, one column, and unsupported options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves

_random = np.random.default_rng(3)
FULL = _random.normal(size=(50, 3)) @ _random.normal(size=(3, 3))
HOLED = np.where(_random.random(FULL.shape) < 0.2, np.nan, FULL)
HOLED[np.isnan(HOLED).all(axis=1)] = 0.5
Y = (FULL.sum(axis=1) > 0).astype(int)


def imputer(**options: Any) -> IterativeImputer:
    return IterativeImputer(**{"random_state": 0, "max_iter": 3, "tol": 1e-9, **options})


def test_a_row_without_any_value_is_refused() -> None:
    fitted = imputer().fit(HOLED)
    bare = np.vstack([HOLED[:1], np.full(3, np.nan)])
    alone, among = fitted.transform(bare[1:])[0], fitted.transform(bare)[1]
    assert not np.allclose(alone, among)  # the answer depends on the other rows
    predictor = pretzel.compile(fitted)
    for rows in (bare, bare[1:]):
        with pytest.raises(InputError, match="a row without any value: how it is filled depends on the rows"):
            predictor.transform(rows)


def test_a_column_that_was_empty_and_is_kept_counts_as_a_value() -> None:
    empty = np.column_stack([HOLED, np.full(50, np.nan)])
    fitted = imputer(keep_empty_features=True).fit(empty)
    assert_serves(fitted, np.vstack([empty, np.full(4, np.nan)]))


@pytest.mark.parametrize("options", [{"max_iter": 0}, {}])
def test_values_left_to_the_initial_imputer(options: dict[str, Any]) -> None:
    x = HOLED if options else HOLED[:, :1]
    assert_serves(imputer(**options).fit(x), np.vstack([x, np.full(x.shape[1], np.nan)]), exact=True)


def test_trees_are_exact() -> None:
    fitted = imputer(estimator=DecisionTreeRegressor(max_depth=3, random_state=0), initial_strategy="median")
    assert_serves(fitted.fit(HOLED), HOLED, exact=True)


def test_in_a_pipeline_over_a_table() -> None:
    table = pd.DataFrame(HOLED, columns=["a", "b", "c"])
    model = make_pipeline(imputer(add_indicator=True), LogisticRegression()).fit(table, Y)
    assert_serves(model, table, sample=table)


def test_classes_that_are_numbers() -> None:
    whole = np.round(HOLED)
    assert_serves(imputer(estimator=DecisionTreeClassifier(max_depth=3, random_state=0)).fit(whole), whole, exact=True)


def test_random_imputation_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="sample_posterior=True.*it imputes random values"):
        export(imputer(sample_posterior=True).fit(HOLED))


def test_a_step_that_is_refused_is_named() -> None:
    fitted = imputer(estimator=Ridge()).fit(HOLED)
    fitted.imputation_sequence_[4].estimator.predict = lambda x: x[:, 0]
    with pytest.raises(
        UnsupportedError,
        match=r"iterativeimputer\.imputation_sequence_\[4\]: sklearn.linear_model.Ridge cannot be served",
    ):
        export(fitted)
