"""Tables with further columns or another index: rejected where the library's answer depends on them, else read."""

from __future__ import annotations

from typing import Any

import category_encoders
import numpy as np
import pandas as pd
import polars as pl
import pytest
from catboost import CatBoostRegressor
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.lognormal(size=(40, 3)), columns=["a", "b", "a_amount"])
Y = RNG.normal(size=40)


def total(df: pd.DataFrame) -> pd.DataFrame:
    return df.sum(axis=1).to_frame()


def amounts(df: pd.DataFrame) -> pd.DataFrame:
    return df[[name for name in df.columns if name.startswith("a_amount")]].sum(axis=1).to_frame()


def array(df: pd.DataFrame) -> Any:
    return df.to_numpy()


def ratio(df: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"ratio": df["a"] / df["b"]})


class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Doubled:
        self.factor_ = 2.0
        return self

    def transform(self, X: Any) -> Any:
        return X.to_numpy() * self.factor_


def boosted() -> Any:
    return CatBoostRegressor(iterations=3, depth=3, verbose=0, thread_count=1, allow_writing_files=False)


READ = {
    "sums of rows": (FunctionTransformer(total), LinearRegression()),
    "columns by the beginning of their name": (FunctionTransformer(amounts), LinearRegression()),
    "after a step that passes them": (FunctionTransformer(), FunctionTransformer(total), LinearRegression()),
    "after a function of NumPy": (FunctionTransformer(np.log1p), FunctionTransformer(total), LinearRegression()),
    "an array for CatBoost": (FunctionTransformer(array), boosted()),
    "an array of an encoder for CatBoost": (category_encoders.OrdinalEncoder(return_df=False), boosted()),
    "an array of an own class for CatBoost": (Doubled(), boosted()),
}
NOT_READ = {
    "columns by name": (FunctionTransformer(ratio), LinearRegression()),
    "a table for CatBoost": (category_encoders.OrdinalEncoder(), boosted()),
    "a table of a function of NumPy for CatBoost": (FunctionTransformer(np.log1p), boosted()),
    "selected columns": (
        make_column_transformer((FunctionTransformer(total), ["a", "b", "a_amount"])),
        LinearRegression(),
    ),
}


def wider(rows: pd.DataFrame, place: int) -> pd.DataFrame:
    table = rows.copy()
    table.insert(place, "a_amount_more", np.arange(1.0, len(rows) + 1))
    return table


@pytest.mark.parametrize("steps", READ.values(), ids=READ)
def test_further_columns_that_the_library_reads_are_rejected(steps: Any) -> None:
    model = make_pipeline(*steps).fit(X, Y)
    fast = pretzel.compile(model, sample=X)
    changed = wider(X, 0)
    assert not np.allclose(model.predict(changed), model.predict(X))
    for given in (changed, wider(X, 3), pl.DataFrame(changed.to_dict("list")), changed[:3].to_dict("records")):
        with pytest.raises(InputError, match="column 'a_amount_more' was not in the training data; drop it"):
            fast.predict(given)
    for _ in range(3):  # the fast readers of known layouts, too
        np.testing.assert_allclose(fast.predict(X[:5]), model.predict(X[:5]))
        with pytest.raises(InputError, match="drop it"):
            fast.predict(changed[:5])


ENCODER = category_encoders.OrdinalEncoder(cols=["a"])
PASSED = {
    "two encoders": make_pipeline(ENCODER, category_encoders.CountEncoder(cols=["b"])),
    "two functions": make_pipeline(FunctionTransformer(np.abs), FunctionTransformer(np.log1p)),
    "a function after an encoder": make_pipeline(ENCODER, FunctionTransformer(np.abs)),
    "nothing after an encoder": make_pipeline(ENCODER, "passthrough"),
    "a union": make_union(ENCODER, FunctionTransformer(np.abs)),
}


@pytest.mark.parametrize("model", PASSED.values(), ids=PASSED)
def test_further_columns_that_several_steps_return_are_rejected(model: Any) -> None:
    fitted = model.fit(X, Y)
    fast = pretzel.compile(fitted, sample=X)
    assert fitted.transform(wider(X, 3)).shape[1] > fitted.transform(X).shape[1]
    np.testing.assert_allclose(fast.transform(X), fitted.transform(X))
    with pytest.raises(InputError, match="column 'a_amount_more' was not in the training data; drop it"):
        fast.transform(wider(X, 3))


@pytest.mark.parametrize("steps", NOT_READ.values(), ids=NOT_READ)
def test_further_columns_that_the_library_does_not_read_are_ignored(steps: Any) -> None:
    model = make_pipeline(*steps).fit(X, Y)
    fast = pretzel.compile(model, sample=X)
    for place in (0, 3):
        given = wider(X, place)
        np.testing.assert_allclose(fast.predict(given), model.predict(given), rtol=1e-6)


def shares(df: pd.DataFrame) -> np.ndarray:
    return np.array([[row["a"] / sum(row.values())] for row in df.to_dict("records")])


def first(df: pd.DataFrame) -> np.ndarray:
    return np.array([[row["a"] * 2] for row in df.to_dict("records")])


@pytest.mark.parametrize(("function", "rule"), [(shares, "refused"), (first, None)])
def test_a_python_stage_is_tried_with_further_columns(function: Any, rule: str | None) -> None:
    model = make_pipeline(FunctionTransformer(function), StandardScaler()).fit(X)
    assert np.allclose(model.transform(wider(X, 0)), model.transform(X)) == (rule is None)
    assert export(model, sample=X, python="isolated").metadata.get("others") == rule


def aligned(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df["a"], pd.Series(np.sqrt(df["b"].to_numpy()), name="root")], axis=1)


def unaligned(df: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"a": df["a"], "root": np.sqrt(df["b"].to_numpy())})


def numbered(df: pd.DataFrame) -> pd.Series:
    return pd.DataFrame({"a": [float(str(value)) for value in df["a"]]}).sum(axis=1) + df["b"]


SHUFFLED = X[:6].iloc[::-1]


def test_an_index_by_which_a_function_aligns_rows_is_rejected() -> None:
    model = make_pipeline(FunctionTransformer(aligned), StandardScaler()).fit(X)
    fast = pretzel.compile(model, sample=X)
    for rows in (SHUFFLED, X[2:3]):
        wrong = model.transform(rows)
        assert wrong.shape != (len(rows), 2) or not np.allclose(wrong, model.transform(rows.reset_index(drop=True)))
        for _ in range(3):
            with pytest.raises(InputError, match=r"X: row 0 has the index .*call reset_index\(drop=True\)"):
                fast.transform(rows)
            reset = rows.reset_index(drop=True)
            np.testing.assert_allclose(fast.transform(reset), model.transform(reset), rtol=1e-9)


def test_another_index_that_does_not_matter() -> None:
    model = make_pipeline(FunctionTransformer(unaligned), StandardScaler()).fit(X)
    np.testing.assert_allclose(pretzel.compile(model, sample=X).transform(SHUFFLED), model.transform(SHUFFLED))


def test_a_python_stage_that_aligns_rows_by_the_index_is_refused() -> None:
    with pytest.raises(
        UnsupportedError, match="nor is it a Python stage: row .* gives something else in another order"
    ):
        export(make_pipeline(FunctionTransformer(numbered)).fit(X), sample=X, python="isolated")
