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
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer, OneHotEncoder

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
