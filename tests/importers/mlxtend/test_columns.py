"""Selectors of columns inside pipelines, and selections whose places are not known."""

from __future__ import annotations

import pandas as pd
import pytest

pytest.importorskip("mlxtend")

from mlxtend.classifier import EnsembleVoteClassifier
from mlxtend.feature_selection import ColumnSelector
from mlxtend.preprocessing import DenseTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.mlxtend.examples import CLASSES, NAMES, TABLE, TREE, X
from tests.importers.sklearn.frames import assert_serves


def test_columns_by_position_behind_a_step() -> None:
    model = make_pipeline(StandardScaler(), ColumnSelector(cols=(3, -4)), LogisticRegression()).fit(X, CLASSES)
    assert_serves(model, X, sample=None, batches=[1, 80])


def test_texts_of_one_column_as_dense_counts() -> None:
    table = pd.DataFrame({"text": ["a cat", "a dog and a cat", "no dog", "none"]}, dtype=object)
    steps = ColumnSelector(cols="text", drop_axis=True), CountVectorizer(), DenseTransformer(), LogisticRegression()
    assert_serves(make_pipeline(*steps).fit(table, [0, 1, 0, 1]), table, sample=table, batches=[1, 4])


def test_members_that_were_fitted_before() -> None:
    fitted = [LogisticRegression().fit(X, NAMES), TREE.fit(X, NAMES)]
    model = EnsembleVoteClassifier(clfs=fitted, fit_base_estimators=False, use_clones=False).fit(X, NAMES)
    assert_serves(model, X, sample=X, batches=[1, 80])


def test_columns_whose_places_are_not_known_are_refused() -> None:
    union = make_union(ColumnSelector(cols=["a"]), ColumnSelector(cols=["c"])).fit(TABLE)
    with pytest.raises(UnsupportedError, match=r"cols=\['c'\].*their places are not known here"):
        export(union, sample=TABLE)
