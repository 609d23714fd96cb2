"""Models of every kind, and a `pretzel up` that serves them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.e2e.trained import DOCUMENTS, IRIS, NAMES, PEOPLE, SIZES, Trained
from tests.e2e.up import Up, started


@pytest.fixture(scope="module")
def trained() -> dict[str, Trained]:
    halves = np.arange(60) % 2
    columns = ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])])
    several = RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0)
    iris = make_pipeline(StandardScaler(), LogisticRegression())
    return {
        "iris": Trained(iris.fit(IRIS.data, NAMES[IRIS.target]), IRIS.data),
        "text": Trained(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(DOCUMENTS, halves), DOCUMENTS),
        "features": Trained(TfidfVectorizer(ngram_range=(1, 2)).fit(DOCUMENTS), DOCUMENTS),
        "targets": Trained(several.fit(IRIS.data, np.stack([NAMES[IRIS.target], SIZES], axis=1)), IRIS.data),
        "people": Trained(make_pipeline(columns, LinearRegression()).fit(PEOPLE, PEOPLE["age"] * 2), PEOPLE),
    }


@pytest.fixture(scope="module")
def up(tmp_path_factory, trained) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("up"), "--workers=2") as running:
        with running.plane() as plane:
            for name, model in trained.items():
                plane.deploy(name, model.estimator, sample=model.head(20))
        yield running
