"""Whole pipelines in this process: texts, mixed DataFrames and unions; accepted and rejected input."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import pretzel
from pretzel.errors import InputError
from pretzel.local import Predictor

WORDS = ["good", "bad", "Straße", "naïve café", "ok!", "x", "日本 語", "a-b"]


def documents(rows: int = 120) -> list[str]:
    rng = np.random.default_rng(rows)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _ in range(rows)]


@pytest.fixture(scope="module")
def texts() -> tuple[Pipeline, Predictor]:
    features = FeatureUnion(
        [
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), dtype=np.float32)),
            ("words", TfidfVectorizer(ngram_range=(1, 2), dtype=np.float32)),
        ]
    )
    y = np.array(["pos" if "good" in text else "neg" for text in documents()])
    model = make_pipeline(features, LogisticRegression(solver="liblinear")).fit(documents(), y)
    return model, pretzel.compile(model)


@pytest.mark.parametrize(
    "form",
    [list, tuple, np.array, lambda x: np.array(x, object), pd.Series],
    ids=["list", "tuple", "str", "object", "pd"],
)
@pytest.mark.parametrize("rows", [1, 7, 120])
def test_documents(texts: tuple[Pipeline, Predictor], form: Any, rows: int) -> None:
    model, served = texts
    x = form(documents(rows))
    np.testing.assert_allclose(served.predict_proba(x), model.predict_proba(x), rtol=1e-6, atol=1e-9)
    assert served.predict(x).tolist() == model.predict(x).tolist()
    assert served.classes_.tolist() == ["neg", "pos"]


@pytest.mark.parametrize("bad", ["one string", [1, 2], ["a", None], [], [["a"]]], ids=repr)
def test_values_other_than_lists_of_documents_are_rejected(texts: tuple[Pipeline, Predictor], bad: Any) -> None:
    model, served = texts
    with pytest.raises((ValueError, AttributeError, TypeError)):
        model.predict(bad)
    with pytest.raises(InputError):
        served.predict(bad)


def test_lone_surrogates_are_rejected_although_the_library_accepts_them(texts: tuple[Pipeline, Predictor]) -> None:
    with pytest.raises(InputError, match="lone surrogate"):
        texts[1].predict(["\ud800"])


def table(rows: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(rows)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, rows),
            "fare": rng.normal(30, 10, rows).astype("f4"),
            "city": rng.choice(["Köln", "Rom", "Oslo"], rows),
            "note": documents(rows),
        }
    )
    frame.loc[::7, "fare"] = np.nan
    return frame


@pytest.fixture(scope="module")
def mixed() -> tuple[Pipeline, Predictor]:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    features = ColumnTransformer(
        [
            ("numbers", numbers, ["age", "fare"]),
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("note", TfidfVectorizer(), "note"),
        ]
    )
    y = (table()["age"] > 40).to_numpy()
    model = Pipeline([("features", features), ("head", LogisticRegression())]).fit(table(), y)
    return model, pretzel.compile(model)


@pytest.mark.parametrize("rows", [1, 150])
def test_a_mixed_frame(mixed: tuple[Pipeline, Predictor], rows: int) -> None:
    model, served = mixed
    forms = {
        "as fitted": table().iloc[:rows],
        "other order": table().iloc[:rows, ::-1],
        "an extra column": table().iloc[:rows].assign(extra=1),
        "object texts": table().iloc[:rows].astype({"city": object, "note": object}),
        "unknown city": table().iloc[:rows].assign(city="Bonn"),
        "float64": table().iloc[:rows].astype({"fare": "f8"}),
        "nullable": table().iloc[:rows].astype({"age": "Int64", "city": "string"}),
    }
    for name, x in forms.items():
        got, want = served.predict_proba(x), model.predict_proba(x)
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9, err_msg=name)
        assert served.predict(x).tolist() == model.predict(x).tolist(), name


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda x: x.drop(columns="fare"), "column 'fare' is missing"),
        (lambda x: x.iloc[:0], "minimum of 1"),
        (lambda x: x.assign(fare=np.inf), "infinity"),
        (lambda x: x.assign(note=3), "note"),
        (lambda x: x.assign(age="old"), "age"),
    ],
)
def test_a_frame_that_the_library_rejects(mixed: tuple[Pipeline, Predictor], spoil: Any, message: str) -> None:
    model, served = mixed
    with pytest.raises((ValueError, AttributeError, TypeError)):
        model.predict(spoil(table(5)))
    with pytest.raises(InputError, match=message):
        served.predict(spoil(table(5)))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    "steps",
    [
        [SimpleImputer(), StandardScaler(), PCA(5), LogisticRegression()],
        [SimpleImputer(add_indicator=True), MinMaxScaler(), RandomForestClassifier(20, random_state=0)],
        [StandardScaler(), FeatureUnion([("p", PCA(4)), ("k", KMeans(5, n_init=1))]), LogisticRegression()],
        [StandardScaler(), "passthrough", KMeans(4, n_init=1)],
        [MinMaxScaler(), Ridge()],
    ],
    ids=str,
)
def test_chains_of_numbers(steps: list[Any], dtype: str) -> None:
    x = np.random.default_rng(4).normal(size=(200, 9)).astype(dtype)
    if isinstance(steps[0], SimpleImputer):
        x[::5, 3] = np.nan
    model = make_pipeline(*steps).fit(x, (x[:, 0] > 0).astype(int))
    served = pretzel.compile(model)
    for rows in (1, 7, 200):
        for method in ("predict", "predict_proba", "decision_function", "transform"):
            assert hasattr(served, method) == hasattr(model, method), method
            if not hasattr(model, method):
                continue
            got, want = getattr(served, method)(x[:rows]), getattr(model, method)(x[:rows])
            assert got.dtype == want.dtype and got.shape == want.shape
            single = dtype == "f4"
            np.testing.assert_allclose(got, want, rtol=1e-4 if single else 1e-6, atol=1e-4 if single else 1e-8)


@pytest.mark.parametrize("names", [[0, 1, 2], [7, 3, 5], [("a", 1), ("a", 2), ("b", 1)]], ids=str)
def test_a_table_of_float32_without_text_names_is_read_by_position_as_float32(names: list[Any]) -> None:
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "c"])
    model = make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(X, X["a"] > 0)
    given = X.astype("f4").set_axis(names, axis=1)
    given[names[1]] *= np.float32(1000.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        scaled, want = model[0].transform(given), model.predict_proba(given)
    got = pretzel.compile(model[0]).transform(given)
    assert scaled.dtype == got.dtype == np.float32
    np.testing.assert_array_equal(got, scaled)
    np.testing.assert_array_equal(pretzel.compile(model).predict_proba(given), want)
