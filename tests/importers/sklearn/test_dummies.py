"""``pd.get_dummies`` whose columns are known: fixed categories, or ``reindex``; equal to pandas for any batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import UnsupportedError

COLORS, SIZES = ["red", "green", "blue"], ["s", "m", "l"]
TABLE = pd.DataFrame({"c": ["red", "blue", None, "Red", "green"] * 4, "s": [*"smlxs"] * 4, "n": np.arange(20.0)})
NAMES = ["n", "c_red", "c_green", "c_never", "s_m"]

TRACED: dict[str, Any] = {
    "reindex": lambda df: pd.get_dummies(df, columns=["c", "s"], dtype=int).reindex(columns=NAMES, fill_value=0),
    "all texts": lambda df: pd.get_dummies(df, dtype=int).reindex(columns=NAMES, fill_value=0),
    "axis": lambda df: pd.get_dummies(df, dtype=int).reindex(NAMES, axis=1, fill_value=0),
    "prefixes": lambda df: pd.get_dummies(df[["c", "s"]], prefix=["a", "b"], prefix_sep="=", dtype=int).reindex(
        columns=["a=red", "b=x"], fill_value=0
    ),
    "series": lambda df: pd.get_dummies(df["c"], dtype=int).reindex(columns=COLORS, fill_value=0),
    "prefix": lambda df: pd.get_dummies(df["c"], prefix="is", dtype=int).reindex(columns=["is_red"], fill_value=0),
    "categorical": lambda df: pd.get_dummies(pd.Series(pd.Categorical(df["c"], categories=COLORS))),
    "type": lambda df: pd.get_dummies(df.assign(c=df["c"].astype(pd.CategoricalDtype(COLORS))), columns=["c"]).drop(
        columns="s"
    ),
    "several": lambda df: pd.get_dummies(
        pd.DataFrame({"c": pd.Categorical(df["c"], COLORS), "s": pd.Categorical(df["s"], SIZES), "n": df["n"]}),
        dtype=float,
    ),
    "codes": lambda df: df["c"].astype(pd.CategoricalDtype(COLORS)).cat.codes.to_frame(),
}


@pytest.mark.parametrize("name", TRACED)
def test_dummies_equal_pandas_for_any_batch(name: str) -> None:
    model = FunctionTransformer(TRACED[name]).fit(TABLE)
    predictor = pretzel.compile(model, sample=TABLE)
    for rows in (TABLE, TABLE.iloc[[0]].reset_index(drop=True), TABLE.iloc[2:4].reset_index(drop=True)):
        want = np.asarray(model.transform(rows)).astype(float)
        np.testing.assert_array_equal(np.asarray(predictor.transform(rows)).astype(float), want)


REFUSED: dict[str, tuple[Any, str]] = {
    "unknown columns": (lambda df: pd.get_dummies(df["c"], dtype=int), "makes a column for each value of a batch"),
    "one of them": (lambda df: pd.get_dummies(df["c"], dtype=int)["red"].to_frame(), "makes a column for each value"),
    "booleans": (lambda df: pd.get_dummies(df["c"]).reindex(columns=["red"], fill_value=0), "give it dtype=int"),
    "not filled": (lambda df: pd.get_dummies(df["c"], dtype=int).reindex(columns=["red"]), "fill_value=0"),
    "first dropped": (lambda df: pd.get_dummies(df["c"], drop_first=True), "get_dummies with drop_first="),
    "numbers": (lambda df: pd.get_dummies(df, columns=["n"]).reindex(columns=["n_1"], fill_value=0), "holds no texts"),
    "any categories": (lambda df: pd.get_dummies(pd.Categorical(df["c"])), "give categories=, of texts"),
    "ambiguous": (
        lambda df: pd.get_dummies(df[["c", "s"]], prefix=["a", "a_b"], dtype=int).reindex(
            columns=["a_b_c"], fill_value=0
        ),
        "of no column that is given, or of several",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_columns_that_depend_on_the_batch_are_refused(name: str) -> None:
    function, reason = REFUSED[name]
    with pytest.raises(UnsupportedError, match=reason):
        pretzel.compile(FunctionTransformer(function).fit(TABLE), sample=TABLE)
