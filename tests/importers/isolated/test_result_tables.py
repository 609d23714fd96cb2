"""Tables with dates, nullable values, categories and texts and numbers at the end of a model equal the library's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from pretzel.errors import StageError, UnsupportedError
from pretzel.importers import export
from pretzel.isolation.stages import PythonStages
from tests.importers.isolated.conftest import Served, served
from tests.importers.isolated.test_tables import PANDAS, ROWS

N = np.arange(ROWS) * 1.0
KINDS = {name: series for name, series in PANDAS.items() if name != "bool" and name != "int8"} | {
    "category": pd.Series(pd.Categorical([None if n % 5 == 1 else "ab"[int(n) % 2] for n in N], ["b", "a", "c"])),
    "text": pd.Series([None if n % 5 == 1 else f"t{n}\u00e9" for n in N], dtype="str"),
    "objects": pd.Series([None if n % 5 == 1 else float("nan") if n % 5 == 2 else f"t{n}" for n in N], dtype=object),
}


class Looked:
    """Rows of a fixed table by number, which no trace follows."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    def __call__(self, given: pd.DataFrame) -> pd.DataFrame:
        return self.table.iloc[[int(n) for n in given["n"].tolist()]].reset_index(drop=True)


def same(got: Any, want: Any) -> None:
    check = pd.testing.assert_series_equal if want.ndim == 1 else pd.testing.assert_frame_equal
    check(got, want.reset_index(drop=True))


def test_a_column_of_each_type_and_numbers(stages: PythonStages) -> None:
    table = pd.DataFrame({**KINDS, "n": N, "b": N > 7, "i": N.astype("int16")})
    given = pd.DataFrame({"n": N})
    model = make_pipeline(FunctionTransformer(Looked(table))).fit(given)
    fast = Served(model, stages, given)
    for data in (given, given[::-1], given.tail(1), given[table["Int64"].isna().to_numpy()], given[1::5], given[2::5]):
        same(fast.table(data), model.transform(data))


@pytest.mark.parametrize("name", ["zone", "Int64", "string", "category"])
def test_a_series(name: str, stages: PythonStages) -> None:
    given, table = pd.DataFrame({"n": N}), pd.DataFrame({"x": KINDS[name]})
    looked = Looked(table)
    model = FunctionTransformer(lambda rows: looked(rows)["x"]).fit(given)
    same(Served(model, stages, given).table(given), model.transform(given))


class Days(TransformerMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Days:
        self.first_ = X["at"].min()
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        week = X["at"].dt.to_period("W").dt.start_time
        return pd.DataFrame({"week": week, "since": X["at"] - self.first_, 3: X["n"].round(1)})


def test_a_class_of_ones_own_after_another_step(stages: PythonStages) -> None:
    table = pd.DataFrame({"at": PANDAS["dates"], "n": N / 7})
    model = make_pipeline(FunctionTransformer(), Days()).fit(table)
    got = Served(model, stages, table).table(table)
    same(got, model.transform(table))
    assert list(got.columns) == ["week", "since", 3]


def later(year: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a function whose dates have another unit after this many rows of a value that the sample lacks."""

    def function(given: pd.DataFrame) -> pd.DataFrame:
        unit = "s" if (given["n"] > year).any() else "us"
        return pd.DataFrame(
            {"d": pd.to_datetime(given["n"].astype(int).astype(str), format="%Y").astype(f"M8[{unit}]")}
        )

    return function


def big(given: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"i": pd.array([2**60 if n > 100 else None for n in given["n"].tolist()], "Int64")})


OTHERWISE: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], float, str]] = {
    "another unit": (later(2000), 2001.0, r"it returned column 'd' of datetime64\[s\], which was datetime64\[us\]"),
    "big integers": (big, 101.0, "it returned column 'i' with integers from 9007199254740992 on"),
    "not a table": (lambda t: later(3000)(t) if (t["n"] < 2e3).all() else [1], 2000.0, "list of 0 columns, and 1 for"),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_another_result_than_for_the_sample_is_refused_with_the_request(name: str, stages: PythonStages) -> None:
    function, value, problem = OTHERWISE[name]
    sample = pd.DataFrame({"n": [1990.0, 1991.0, 1992.0] if "big" not in name else [1.0, 2.0, 3.0]})
    model = FunctionTransformer(function).fit(sample)
    with pytest.raises(StageError, match=problem):
        Served(model, stages, sample).table(pd.DataFrame({"n": [value]}))


def two_names(given: pd.DataFrame) -> pd.DataFrame:
    looked = Looked(pd.DataFrame({"x": KINDS["dates"]}))(given)
    return pd.concat([looked, looked], axis=1)


def date_of(given: pd.DataFrame) -> pd.DataFrame:
    return Looked(pd.DataFrame({"x": KINDS["dates"]}))(given)


REFUSED: dict[str, tuple[Any, str]] = {
    "before a step": (
        make_pipeline(FunctionTransformer(date_of), FunctionTransformer(lambda t: t * np.nan, validate=False)),
        "a table of dates, nullable values or several types, which the next step cannot be given",
    ),
    "categories of a batch": (
        FunctionTransformer(lambda t: t["n"].astype(int).astype(str).astype("category")),
        "nor is it a Python stage: for fewer rows it returns column 'n' of categories",
    ),
    "two of one name": (FunctionTransformer(two_names), "two columns of one name; name each column differently"),
    "no text as name": (
        FunctionTransformer(lambda t: date_of(t).rename(columns={"x": 1.5})),
        "a column named 1.5; name columns by texts",
    ),
    "periods": (
        FunctionTransformer(lambda t: date_of(t).assign(x=pd.PeriodIndex(["2024"] * len(t), freq="Y"))),
        "it returns objects such as Period",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_cannot_be_served_is_refused_by_name(name: str) -> None:
    model, problem = REFUSED[name]
    given = pd.DataFrame({"n": N})
    with pytest.raises(UnsupportedError, match=problem):
        export(model.fit(given) if name != "before a step" else model, sample=given, python="isolated")


def test_a_next_step_still_reads_texts_and_numbers(stages: PythonStages) -> None:
    def parts(given: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"t": [str(n)[::-1][:1] for n in given["n"].tolist()], "n": np.sign(given["n"] - 9)})

    given = pd.DataFrame({"n": np.round(N / 3, 2)})
    model = make_pipeline(FunctionTransformer(parts), OneHotEncoder(), LogisticRegression()).fit(given, N > 20)
    definition = export(model, sample=given, python="isolated")
    assert "result_tables" not in definition.metadata
    got = served(model, given, stages)
    np.testing.assert_allclose(got["predict_proba"], model.predict_proba(given), rtol=1e-9)
