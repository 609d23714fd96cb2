"""Dictionaries, lists and tables through real servers: verified at deployment, answered as the library answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tests.e2e.up import Up, started

RECORDS: list[dict[str, Any]] = [{"a": 1, "city": "Zürich"}, {"tags": ["x", "x", "y"]}, {}, {"a": 2.5}] * 5
LISTS = [["a", "b"], [], ["c", "𝔘"], ["a", "a"]] * 5
TEXTS = ["co-operate now", "state-of-the-art", "it's on", ""] * 5
FRAME = pd.DataFrame({"âge": [1.0, np.nan, 3.0, 4.0] * 5, "ville": ["a", "b", None, "a"] * 5})
BYTES = [text.encode("latin-1") for text in ["Grüße", "à la carte", "", "naïve café"]] * 5
ODD_NAMES = pd.DataFrame(
    np.random.default_rng(0).normal(size=(20, 3)), columns=["tab\tin", "line\u2028", "\x1c=\u3000"]
)
HALVES = [0, 1] * 10

_COLUMNS = [("n", SimpleImputer(), ["âge"]), ("s", OneHotEncoder(handle_unknown="ignore"), ["ville"])]
MODELS: dict[str, tuple[Any, Any]] = {
    "records": (DictVectorizer(), RECORDS),
    "lists": (FeatureHasher(32, input_type="string"), LISTS),
    "automaton": (CountVectorizer(token_pattern=r"\b\w+(?:[-']\w+)*\b"), TEXTS),
    "bytes": (CountVectorizer(encoding="latin-1"), BYTES),
    "frame": (ColumnTransformer(_COLUMNS), FRAME),
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("up")) as running:
        yield running


@pytest.mark.parametrize("name", MODELS)
def test_what_was_deployed_answers_as_the_library(up: Up, name: str) -> None:
    transformer, X = MODELS[name]
    model = make_pipeline(transformer, LogisticRegression()).fit(X, HALVES)
    with up.plane() as plane, up.client() as client:
        plane.deploy(name, model, sample=X)
        want = model.predict_proba(X)
        np.testing.assert_allclose(client.predict_proba(name, X), want, rtol=1e-6)
        if name == "frame":
            for other in (pl.from_pandas(X), pa.Table.from_pandas(X)):
                np.testing.assert_allclose(client.predict_proba(name, other), model.predict_proba(pl.from_pandas(X)))
        elif name == "records":  # in many messages
            many = [{f"name {i}": float(i), "a": i} for i in range(30_000)]
            np.testing.assert_allclose(client.predict_proba(name, many), model.predict_proba(many), rtol=1e-6)


def test_names_with_white_space_that_lightgbm_keeps(up: Up) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMRegressor(n_estimators=3, min_child_samples=2, verbose=-1).fit(ODD_NAMES, HALVES)
    with up.plane() as plane, up.client() as client:
        plane.deploy("odd", model.booster_, sample=ODD_NAMES)
        np.testing.assert_allclose(client.predict("odd", ODD_NAMES.iloc[:, ::-1]), model.predict(ODD_NAMES), rtol=1e-6)
