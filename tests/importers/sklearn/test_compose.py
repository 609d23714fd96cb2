"""Pipelines, unions and column transformers against scikit-learn, on tables of real and of odd values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.helpers.texts import data_directory
from tests.importers.sklearn.frames import assert_serves, served

ONE_HOT = OneHotEncoder(handle_unknown="ignore")


def real(name: str) -> pd.DataFrame:
    path = data_directory() / name
    if not path.exists():
        pytest.skip(f"no table at {path}; PRETZEL_DATA names its directory")
    return pd.read_csv(path)


def table(rows: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": rng.exponential(size=rows), "c": rng.integers(0, 9, rows)})
    frame["color"] = rng.choice(["red", "green", "blue"], rows)
    frame["größe m²"] = rng.choice(["S", "M"], rows)  # names are kept unchanged
    frame["text"] = [" ".join(rng.choice(["big", "Small", "old", "new!"], 4)) for _ in range(rows)]
    return frame


def target(frame: pd.DataFrame) -> np.ndarray:
    return np.where(frame["a"] + (frame["color"] == "red") > 0.3, "yes", "no")


def adult() -> tuple[pd.DataFrame, pd.Series, list[str], list[str]]:
    frame = real("adult.csv").iloc[::9].reset_index(drop=True)
    income = frame.pop("income")
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame, income, [name for name in frame if name not in texts], texts


def test_the_adult_pipeline() -> None:
    frame, income, numbers, texts = adult()
    encoded = make_pipeline(SimpleImputer(strategy="most_frequent"), ONE_HOT)
    columns = ColumnTransformer([("scale", StandardScaler(), numbers), ("encode", encoded, texts)])
    fitted = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=200))]).fit(frame, income)
    odd = frame.iloc[:60].copy()
    odd.loc[3, texts], odd.loc[4, "workclass"] = np.nan, "Astronaut"
    assert_serves(fitted, pd.concat([frame.iloc[:300], odd], ignore_index=True))


def test_forests_over_the_adult_columns() -> None:
    frame, income, _, texts = adult()
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer([("encode", ordinal, texts)], remainder="passthrough")
    forest = RandomForestClassifier(n_estimators=5, max_depth=9, random_state=0)
    assert_serves(make_pipeline(columns, forest).fit(frame, income), frame.iloc[:300])
    categorical = frame.astype(dict.fromkeys(texts, "category"))
    boosted = HistGradientBoostingClassifier(max_iter=10, categorical_features=texts).fit(categorical, income)
    assert_serves(boosted, categorical.iloc[:300])


def test_boosting_over_diamonds() -> None:
    frame = real("diamonds.csv").iloc[::40].reset_index(drop=True)
    price = frame.pop("price")
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    columns = ColumnTransformer([("encode", OrdinalEncoder(), texts)], remainder=MinMaxScaler())
    assert_serves(make_pipeline(columns, GradientBoostingRegressor(n_estimators=20)).fit(frame, price), frame)


SELECTIONS = [
    ["a", "c"],
    [0, 2],
    slice("a", "c"),
    slice(0, 2),
    [True, False, True, False, False, False],
    make_column_selector(dtype_include=np.number),
    lambda frame: [name for name in frame if name in "ab"],
]


@pytest.mark.parametrize("columns", SELECTIONS, ids=range(len(SELECTIONS)))  # str() of some holds an address
def test_columns_by_every_selector(columns: Any) -> None:
    transformer = ColumnTransformer([("scale", StandardScaler(), columns), ("none", PCA(), []), ("d", "drop", ["b"])])
    assert_serves(transformer.fit(table()), table())


@pytest.mark.parametrize("remainder", ["drop", "passthrough", StandardScaler(), FunctionTransformer()], ids=str)
@pytest.mark.parametrize("sparse_threshold", [0.0, 0.3, 1.0])
def test_remainders_and_thresholds_of_sparseness(remainder: Any, sparse_threshold: float) -> None:
    frame = table()[["a", "color", "c", "größe m²", "b"]]
    steps = [("encode", OneHotEncoder(), ["größe m²", "color"]), ("scale", MinMaxScaler(), ["c"])]
    transformer = ColumnTransformer(steps, remainder=remainder, sparse_threshold=sparse_threshold)
    definition = assert_serves(transformer.fit(frame), frame)
    is_sparse = definition.outputs["transform"].type.layout == "sparse"
    assert is_sparse == transformer.sparse_output_


def test_the_order_of_columns_does_not_matter_by_name() -> None:
    transformer = ColumnTransformer([("b", StandardScaler(), ["b"]), ("a", MinMaxScaler(), ["a"])]).fit(table())
    backwards = table()[table().columns[::-1]].assign(extra=1)
    got = served(export(transformer), backwards)["transform"]
    np.testing.assert_allclose(got, transformer.transform(backwards), rtol=1e-12)


def test_columns_of_arrays() -> None:
    x = np.random.default_rng(0).normal(size=(40, 5))
    transformer = make_column_transformer(
        (StandardScaler(), [3, 1]), (MinMaxScaler(), slice(1, 3)), remainder="passthrough"
    )
    assert_serves(make_pipeline(transformer, Ridge()).fit(x, x[:, 0]), x)


def test_text_next_to_categories_and_numbers() -> None:
    transformer = ColumnTransformer(
        [
            ("words", TfidfVectorizer(), "text"),
            ("characters", CountVectorizer(analyzer="char", ngram_range=(1, 2)), "text"),
            ("encode", ONE_HOT, ["color"]),
            ("scale", StandardScaler(), ["a", "b"]),
        ],
        transformer_weights={"words": 0.7, "characters": 3, "scale": -1.0},
    )
    frame = table()
    assert_serves(make_pipeline(transformer, LogisticRegression()).fit(frame, target(frame)), frame)


def test_unions() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    inner = FeatureUnion([("pca", PCA(2)), ("dropped", "drop"), ("same", "passthrough")])
    union = FeatureUnion(
        [("scale", StandardScaler()), ("inner", inner)], transformer_weights={"scale": 10, "inner": 0.1}
    )
    assert_serves(union.fit(x), x)
    texts = pd.Series(table()["text"]).to_numpy(object)
    both = FeatureUnion(
        [("word", TfidfVectorizer()), ("char", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)))]
    )
    assert_serves(make_pipeline(both, LogisticRegression()).fit(texts, target(table())), texts)


def test_pipelines_in_pipelines() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    inner = Pipeline([("nothing", "passthrough"), ("scale", StandardScaler())])
    outer = Pipeline([("none", None), ("inner", inner), ("same", "passthrough"), ("model", Ridge())])
    assert_serves(outer.fit(x, x[:, 1]), x)
    assert_serves(Pipeline([("inner", inner), ("last", "passthrough")]).fit(x), x)
    assert_serves(Pipeline([("last", "passthrough")]).fit(x), x, sample=x)


def test_columns_selected_from_the_output_of_another_step() -> None:
    first = ColumnTransformer(
        [("scale", StandardScaler(), ["a", "b"]), ("encode", ONE_HOT, ["color"])], sparse_threshold=0
    )
    second = ColumnTransformer([("pca", PCA(2), [0, 1, 4]), ("same", "passthrough", [2, 3])])
    assert_serves(make_pipeline(first, second, Ridge()).fit(table(), table()["c"]), table())


def test_what_cannot_be_served_is_refused_with_its_path() -> None:
    frame = table()
    mixed = ColumnTransformer([("scale", StandardScaler(), ["a"]), ("words", "passthrough", ["color"])]).fit(frame)
    with pytest.raises(
        UnsupportedError, match="columntransformer: sklearn.compose.ColumnTransformer cannot be served: it concatenates"
    ):
        export(mixed, sample=frame)
    strange = Pipeline(
        [("prepare", Pipeline([("log", FunctionTransformer(lambda x: x - x.mean()))])), ("model", Ridge())]
    )
    with pytest.raises(UnsupportedError, match=r"pipeline\.prepare\.log"):
        export(strange.fit(frame[["a"]], frame["b"]))
    for empty in (FeatureUnion([("a", "drop")]), ColumnTransformer([("a", "drop", ["a"])]), ColumnTransformer([])):
        with pytest.raises(UnsupportedError, match="it returns no column"):
            export(empty.fit(frame[["a"]]))


def test_a_refusal_names_the_step_of_the_table() -> None:
    encoder = ColumnTransformer([("encode", OneHotEncoder(), ["color"])]).fit(table())
    bad = table(5).assign(color="mauve")
    with pytest.raises(InputError, match=r"row 0: Found unknown categories \['mauve'\] in column 0 during transform"):
        served(export(encoder), bad)
