"""Dictionaries, lists and tables through real servers: verified at deployment, answered as the library answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from lightgbm import LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from pretzel.errors import InputError
from tests.e2e.up import Up, started

RECORDS: list[dict[str, Any]] = [{"a": 1, "city": "Zürich"}, {"tags": ["x", "x", "y"]}, {}, {"a": 2.5}] * 5
LISTS = [["a", "b"], [], ["c", "𝔘"], ["a", "a"]] * 5
TEXTS = ["co-operate now", "state-of-the-art", "it's on", ""] * 5
FRAME = pd.DataFrame({"âge": [1.0, np.nan, 3.0, 4.0] * 5, "ville": ["a", "b", None, "a"] * 5})
HALVES = [0, 1] * 10

_COLUMNS = [("n", SimpleImputer(), ["âge"]), ("s", OneHotEncoder(handle_unknown="ignore"), ["ville"])]
MODELS: dict[str, tuple[Any, Any]] = {
    "records": (DictVectorizer(), RECORDS),
    "lists": (FeatureHasher(32, input_type="string"), LISTS),
    "automaton": (CountVectorizer(token_pattern=r"\b\w+(?:[-']\w+)*\b"), TEXTS),
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


def test_columns_by_position(up: Up) -> None:
    """An array of objects settles the kinds; lists of rows and tables without names are read by position too."""
    columns = [("n", SimpleImputer(), [0]), ("s", OneHotEncoder(handle_unknown="ignore"), [1])]
    X = FRAME.fillna({"ville": "?"})
    model = make_pipeline(ColumnTransformer(columns), LogisticRegression()).fit(X.to_numpy(), HALVES)
    want = model.predict_proba(X.to_numpy())
    with up.plane() as plane, up.client() as client:
        plane.deploy("positions", model, sample=X.to_numpy())
        for form in (X.to_numpy(), X.to_numpy().tolist(), X.set_axis([0, 1], axis="columns"), X):
            np.testing.assert_allclose(client.predict_proba("positions", form), want, rtol=1e-6)


def test_an_array_built_from_the_description(up: Up) -> None:
    table = pd.DataFrame({"c": [1.0, 2.0, 4.0] * 5, "unread": ["?"] * 15, "b": range(15), "a": [0.5, 7.0, 3.0] * 5})
    scaled = ColumnTransformer([("first", StandardScaler(), ["a"]), ("second", StandardScaler(), ["b", "c"])])
    model = make_pipeline(scaled, LogisticRegression()).fit(table, [0, 1, 1] * 5)
    with up.plane() as plane, up.client() as client:
        plane.deploy("order", model, sample=table)
        for described in (client.describe("order"), plane.describe("order")):
            assert [item.name for item in described.inputs] == ["c", "b", "a"]
            assert [column.name for column in described.columns] == list(table)
            X = np.column_stack([table[column.name].astype(object) for column in described.columns])
            np.testing.assert_allclose(client.predict_proba("order", X), model.predict_proba(table), rtol=1e-6)


def test_integers_are_read_as_the_library_reads_them(up: Up) -> None:
    """LightGBM rounds an array of milliseconds to float32; a missing value makes floats of them, which it does not."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"t": 1_700_000_000_000 + rng.integers(0, 10**6, 200), "n": rng.integers(0, 9, 200)})
    boosted = LGBMRegressor(n_estimators=4, min_child_samples=2, max_bin=500, verbose=-1)
    model = make_pipeline(VarianceThreshold(), boosted).fit(table.astype(float), table["t"] % 1000)
    missing = table.assign(n=table["n"].where(table["n"] > 3))
    with up.plane() as plane, up.client() as client:
        plane.deploy("integers", model, sample=table)
        for X in (table, table.to_numpy(), missing, missing.to_numpy()):
            np.testing.assert_array_equal(client.predict("integers", X), model.predict(X))
        assert (client.predict("integers", table) != client.predict("integers", missing)).any()
        squares = make_pipeline(FunctionTransformer(np.square), Ridge()).fit(table, table["n"])
        plane.deploy("squares", squares, sample=table)
        np.testing.assert_allclose(client.predict("squares", table), squares.predict(table), rtol=1e-6)
        with pytest.raises(InputError, match="column 't': the model was deployed with table of int64"):
            client.predict("squares", table.astype(float))
