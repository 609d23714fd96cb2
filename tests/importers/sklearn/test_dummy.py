"""Dummies and RANSAC against scikit-learn: over texts, tables and sparse rows, alone and after other steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RANSACRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served, run
from tests.importers.sklearn.frames import assert_serves

TEXTS = ["red fox", "", "blue"]
LABELS = np.array(["b", "a", "b"])


def test_over_a_table_of_texts_and_numbers() -> None:
    whole = pd.DataFrame({"name": TEXTS, "size": [1.0, np.nan, np.inf]})
    for table in (whole, whole[["size", "name"]]):
        assert_serves(DummyClassifier().fit(table, LABELS), table, sample=table)


def test_over_sparse_rows() -> None:
    x = sparse.csr_matrix(np.eye(3))
    assert_served(DummyRegressor().fit(x, [1.0, 2.0, 4.0]), x, methods={"predict"})


def test_after_text() -> None:
    model = make_pipeline(TfidfVectorizer(), DummyClassifier(strategy="constant", constant="a")).fit(TEXTS, LABELS)
    assert_serves(model, TEXTS, sample=TEXTS)


@pytest.mark.parametrize("labels", [[3, 1, 3], [0.5, 2.5, 2.5], [True, False, False], list("xyx")])
@pytest.mark.parametrize("strategy", ["prior", "most_frequent"])
def test_labels_of_every_type(labels: list[object], strategy: str) -> None:
    model = DummyClassifier(strategy=strategy).fit(np.eye(3), labels)
    assert_served(model, np.eye(3), methods={"predict", "predict_proba", "predict_log_proba"})


@pytest.mark.parametrize("strategy", ["prior", "most_frequent", "constant"])
@pytest.mark.parametrize("classes", [list("abc"), [1, 5, 9], [True, False]])
def test_the_classes_are_those_of_training(classes: list[Any], strategy: str) -> None:
    y = np.array(classes)[[0, 1, -1, -1]]
    model = DummyClassifier(strategy=strategy, constant=y.tolist()[1] if strategy == "constant" else None).fit(
        np.eye(4), y
    )
    fast = pretzel.compile(model)
    assert fast.classes_.tolist() == model.classes_.tolist() == sorted(classes)
    assert fast.predict(np.eye(4)).tolist() == model.predict(np.eye(4)).tolist()
    assert fast.predict(np.eye(4)).dtype == model.predict(np.eye(4)).dtype


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
def test_the_type_of_the_target_is_kept(dtype: str) -> None:
    y = np.arange(6).reshape(3, 2).astype(dtype)
    for strategy in ("mean", "median"):
        assert_served(DummyRegressor(strategy=strategy).fit(np.eye(3), y), np.eye(3))


@pytest.mark.parametrize("strategy", ["stratified", "uniform"])
def test_random_answers_are_refused(strategy: str) -> None:
    model = make_pipeline(StandardScaler(), DummyClassifier(strategy=strategy)).fit(np.eye(3), LABELS)
    with pytest.raises(UnsupportedError, match=f"pipeline.dummyclassifier: .*strategy='{strategy}'.*random"):
        export(model)


@pytest.mark.parametrize("options", [{}, {"strategy": "most_frequent"}, {"strategy": "constant", "constant": [1, 0]}])
@pytest.mark.parametrize("names", [np.array([0, 1]), np.array(["no", "yes"])])
def test_several_labels_per_row(options: dict[str, Any], names: np.ndarray) -> None:
    options = options | ({"constant": names[[1, 0]]} if "constant" in options else {})
    model = DummyClassifier(**options).fit(np.eye(3), names[[[0, 1], [1, 1], [1, 0]]])
    assert_serves(model, np.eye(3), sample=np.eye(3))


def test_a_sparse_target_is_refused() -> None:
    model = DummyClassifier().fit(np.eye(3), sparse.csc_matrix(np.eye(3)))
    with pytest.raises(UnsupportedError, match="sparse target"):
        export(model)


def test_ransac_refuses_the_input_that_its_model_refuses() -> None:
    x = np.random.default_rng(3).normal(size=(40, 2))
    model = RANSACRegressor(random_state=0).fit(x, x @ [1.0, 2.0])
    assert_served(model, x, methods={"predict"})
    with pytest.raises(InputError, match="LinearRegression"):
        run(export(model), {"X": np.array([[1.0, np.nan]])})
