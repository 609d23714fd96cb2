"""Dictionaries, lists and tables through real servers: verified at deployment, with outputs equal to the library's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from lightgbm import LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    LabelEncoder,
    MaxAbsScaler,
    MultiLabelBinarizer,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.svm import SVC
from xgboost import XGBClassifier

import pretzel
from pretzel.errors import InputError
from pretzel.plan.types import ValueType
from pretzel.plan.values import Ragged, Texts
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
def test_deployed_models_answer_as_the_library(up: Up, name: str) -> None:
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


@pytest.mark.parametrize("name", MODELS)
def test_empty_input_is_rejected_and_infer_returns_an_empty_result(up: Up, name: str) -> None:
    transformer, X = MODELS[name]
    model = make_pipeline(transformer, LogisticRegression()).fit(X, HALVES)
    nothing = X[:0]
    with up.plane() as plane, up.client() as client:
        plane.deploy(f"{name}/empty", model, sample=X)
        calls = [
            lambda: client.predict(f"{name}/empty", nothing),
            lambda: client.predict_proba(f"{name}/empty", nothing),
            lambda: client.predict_many([f"{name}/empty"], nothing),
            lambda: asyncio.run(_asked(up, f"{name}/empty", nothing)),
        ]
        for call in calls:
            with pytest.raises(InputError, match="X: found 0 samples, while a minimum of 1 is required"):
                call()
        described = client.describe(f"{name}/empty")
        columns = {item.name: _no_values(item.type) for item in described.inputs}
        assert client.infer(f"{name}/empty", columns)["predict_proba"].shape == (0, 2)


async def _asked(up: Up, name: str, X: Any) -> Any:
    async with pretzel.AsyncClient(up.facts["predictions"]) as client:
        return await client.predict(name, X)


def _no_values(kind: ValueType) -> Any:
    if kind.layout == "ragged":
        return Ragged.of([], numbers=not kind.is_text)
    return Texts.of([]) if kind.is_text else np.empty(0)


def test_stored_values_of_sparse_rows_are_read_over_grpc_as_by_the_library(up: Up) -> None:
    dice = np.random.default_rng(0)
    dense = np.where(dice.random((80, 5)) < 0.5, 0.0, dice.integers(-2, 3, (80, 5)))
    stored = (dense != 0) | (dice.random((80, 5)) < 0.4)
    rows = scipy.sparse.csr_matrix(
        (dense[stored], stored.nonzero()[1], np.concatenate([[0], np.cumsum(stored.sum(axis=1))])), shape=dense.shape
    )
    twice = scipy.sparse.csr_matrix(([1.0, 2.0, 3.0], [4, 0, 4], [0, 1, 3, 3]), shape=(3, 5))
    twice_in_one = scipy.sparse.csr_matrix(([1.0, 2.0, 3.0], [4, 0, 0], [0, 1, 3, 3]), shape=(3, 5))
    target = (stored[:, 0] ^ (dense[:, 1] > 0)).astype(int)
    boosted = make_pipeline(MaxAbsScaler(), XGBClassifier(n_estimators=5)).fit(rows, target)
    vectors = make_pipeline(MaxAbsScaler(), SVC()).fit(rows, target)
    with up.plane() as plane, up.client() as client:
        plane.deploy("boosted", boosted, sample=rows)
        plane.deploy("vectors", vectors, sample=rows)
        for X in (rows, rows.tocsc(), twice, twice_in_one):
            np.testing.assert_allclose(client.predict_proba("boosted", X), boosted.predict_proba(X), rtol=1e-5)
        assert client.predict("vectors", twice).tolist() == vectors.predict(twice).tolist()
        with pytest.raises(InputError, match=r"row 1 stores column 0 twice; call X.sum_duplicates\(\) first"):
            client.predict("vectors", twice_in_one)


def test_names_with_white_space_that_lightgbm_keeps(up: Up) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMRegressor(n_estimators=3, min_child_samples=2, verbose=-1).fit(ODD_NAMES, HALVES)
    with up.plane() as plane, up.client() as client:
        plane.deploy("odd", model.booster_, sample=ODD_NAMES)
        np.testing.assert_allclose(client.predict("odd", ODD_NAMES), model.predict(ODD_NAMES), rtol=1e-6)
        with pytest.raises(InputError, match="reorder them"):
            client.predict("odd", ODD_NAMES.iloc[:, ::-1])


LABELS = ["paris", "tokyo", "amsterdam"]
FLAGS = pd.DataFrame({"member": pd.Series([True, False, None, float("nan")] * 5, dtype=object)})
SETS = [{1, 2}, {2**60}, set(), {-3}]


def test_transformers_of_labels_and_objects(up: Up) -> None:
    encoder = LabelEncoder().fit(LABELS)
    binarizer = LabelBinarizer().fit(LABELS)
    flags = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(FLAGS[:2])
    sets = MultiLabelBinarizer().fit(SETS)
    with up.plane() as plane, up.client() as client:
        plane.deploy("encoder", encoder, sample=LABELS)
        plane.deploy("binarizer", binarizer, sample=LABELS)
        plane.deploy("flags", flags, sample=FLAGS)
        plane.deploy("sets", sets, sample=SETS)
        assert client.transform("encoder", LABELS).tolist() == [1, 2, 0]
        assert client.inverse_transform("encoder", [2, 0, 1]).tolist() == ["tokyo", "amsterdam", "paris"]
        assert client.infer("encoder", {"X": LABELS})["transform"].tolist() == [1, 2, 0]
        scores = np.random.default_rng(0).random((9, 3))
        np.testing.assert_array_equal(
            client.inverse_transform("binarizer", scores), binarizer.inverse_transform(scores)
        )
        np.testing.assert_array_equal(client.transform("flags", FLAGS), flags.transform(FLAGS))
        np.testing.assert_array_equal(client.transform("sets", SETS), sets.transform(SETS))
        with pytest.raises(InputError, match="column 'codes' is missing"):
            client.infer("encoder", {"X": LABELS}, ["inverse_transform"])


def test_columns_by_position(up: Up) -> None:
    """An array of objects determines the kinds; lists of rows and tables without names are also read by position."""
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
    """LightGBM rounds integer milliseconds to float32, but not the floats that a missing value makes of them."""
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
