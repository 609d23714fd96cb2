"""Tabular pipelines over the data sets of scikit-learn and a table of docstrings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from showcase.corpus import Docstring
from showcase.trained import Trained

Estimators = dict[str, Any]


def iris() -> Estimators:
    """Four lengths of a flower; predict which of three species it is."""
    return {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
        "svc": make_pipeline(MinMaxScaler(), LinearSVC()),
        "tree": DecisionTreeClassifier(random_state=0),
        "forest": RandomForestClassifier(50, random_state=0),
        "boosting": GradientBoostingClassifier(n_estimators=40, random_state=0),
    }


def wine() -> Estimators:
    """Thirteen measurements of a wine; predict which of three growers made it."""
    return {
        "logistic": make_pipeline(StandardScaler(), PCA(6), LogisticRegression()),
        "sgd": make_pipeline(StandardScaler(), SGDClassifier(random_state=0)),
        "forest": RandomForestClassifier(60, max_depth=6, random_state=0),
        "clusters": make_pipeline(StandardScaler(), KMeans(5, n_init=3, random_state=0)),
    }


def breast_cancer() -> Estimators:
    """Thirty measurements, one in twenty missing; predict if the tumor is malignant."""
    union = FeatureUnion([("pca", PCA(8)), ("clusters", KMeans(6, n_init=3, random_state=0))])
    return {
        "logistic": make_pipeline(SimpleImputer(), StandardScaler(), PCA(10), LogisticRegression(max_iter=1000)),
        "union": make_pipeline(
            SimpleImputer(strategy="median"), StandardScaler(), union, LogisticRegression(max_iter=1000)
        ),
        "boosting": make_pipeline(SimpleImputer(), GradientBoostingClassifier(n_estimators=60, random_state=0)),
        "forest": make_pipeline(SimpleImputer(), RandomForestClassifier(80, random_state=0)),
    }


def digits() -> Estimators:
    """Images of eight by eight pixels; predict the digit."""
    return {
        "logistic": make_pipeline(PCA(30), LogisticRegression(max_iter=300)),
        "svc": make_pipeline(StandardScaler(), LinearSVC()),
        "forest": RandomForestClassifier(100, random_state=0),
        "tree": DecisionTreeClassifier(random_state=0),
    }


def diabetes() -> Estimators:
    """Ten measurements of a patient; predict the progress of the disease after a year."""
    columns = ColumnTransformer([("scale", StandardScaler(), [0, 2, 3])], remainder="passthrough")
    return {
        "linear": LinearRegression(),
        "ridge": make_pipeline(columns, Ridge()),
        "tree": DecisionTreeRegressor(max_depth=8, random_state=0),
        "forest": RandomForestRegressor(60, random_state=0),
        "boosting": GradientBoostingRegressor(n_estimators=80, random_state=0),
    }


def linnerud() -> Estimators:
    """Three exercises of twenty men; predict weight, waist and pulse together."""
    return {
        "ridge": make_pipeline(StandardScaler(), Ridge()),
        "forest": RandomForestRegressor(20, random_state=0),
    }


def table() -> Estimators:
    """A row per docstring with texts, numbers and missing values; predict if it has an example."""

    def features(encoder: Any) -> ColumnTransformer:
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        return ColumnTransformer(
            [("where", encoder, ["library", "package", "kind"]), ("numbers", numbers, ["arguments", "characters"])],
            remainder="passthrough",
        )

    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return {
        "logistic": make_pipeline(features(OneHotEncoder(handle_unknown="ignore")), LogisticRegression(max_iter=1000)),
        "boosting": make_pipeline(features(ordinal), GradientBoostingClassifier(n_estimators=40, random_state=0)),
        "forest": make_pipeline(features(ordinal), RandomForestClassifier(30, max_depth=10, random_state=0)),
    }


FAMILIES = (iris, wine, breast_cancer, digits, diabetes, linnerud)


def train(docstrings: list[Docstring]) -> list[Trained]:
    """Train all tabular pipelines."""
    bundled = [model for family in FAMILIES for model in _fitted(family.__name__, family(), *_bundled(family.__name__))]
    return bundled + list(_fitted("table", table(), *docstring_table(docstrings)))


def _fitted(family: str, estimators: Estimators, X: Any, y: np.ndarray) -> Iterator[Trained]:
    seen, unseen, target, _ = train_test_split(X, y, test_size=min(0.3, 500 / len(y)), random_state=0)
    for name, estimator in estimators.items():
        yield Trained(f"{family.replace('_', '-')}-{name}", family, estimator.fit(seen, target), unseen)


def _bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    data = getattr(datasets, f"load_{name}")()
    X, y = np.asarray(data.data, float), data.target
    if name == "breast_cancer":
        X = np.where(np.random.default_rng(0).random(X.shape) < 0.05, np.nan, X)
    return X, np.asarray(data.target_names)[y] if name in ("iris", "wine", "breast_cancer") else y


def docstring_table(docstrings: list[Docstring]) -> tuple[Any, np.ndarray]:
    """Return features of the owner of each docstring, and whether the docstring has a section of examples."""
    import pandas as pd

    rows = [(d.library, d.package, d.kind, d.arguments, len(d.text), float(d.private)) for d in docstrings]
    frame = pd.DataFrame(rows, columns=["library", "package", "kind", "arguments", "characters", "private"])
    return frame, np.array(["with examples" if "Examples\n---" in d.text else "without" for d in docstrings])
