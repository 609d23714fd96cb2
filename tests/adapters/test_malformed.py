"""Rows of no table or array: every kind of model rejects them by an error that names the place."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MultiLabelBinarizer, OneHotEncoder, OrdinalEncoder

import pretzel
from pretzel.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
TABLE = pd.DataFrame({"a": X[:, 0], "b": ["x", "y"] * 20, "i": [0, 1, 2, 3] * 10})


def _encoded(rest: Any) -> Any:
    return make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["b", "i"]), remainder=rest)


MODELS: dict[str, tuple[Any, Any]] = {
    "floats": (LinearRegression(), X),
    "integers matter": (lightgbm.LGBMRegressor(n_estimators=2, verbose=-1), X),
    "function": (make_pipeline(FunctionTransformer(np.square), LinearRegression()), X),
    "table": (make_pipeline(_encoded("drop"), LinearRegression()), TABLE),
    "objects": (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), TABLE),
    "table, integers matter": (make_pipeline(_encoded("passthrough"), lightgbm.LGBMRegressor(verbose=-1)), TABLE),
    "records": (DictVectorizer(), [{"a": 1.0}]),
    "hashed records": (FeatureHasher(), [{"a": 1.0}]),
    "lists": (MultiLabelBinarizer(), [["a"], ["b"]]),
}
GOOD = {"a": 1.0, "b": "x", "i": 2}
MALFORMED: dict[str, Any] = {
    "rows of several lengths": [[1, 2], [1]],
    "a row in a row": [[1, [2]], [1, 2]],
    "a row with a row alone": [[1, [2]]],
    "a number among rows": [[1, 2], 3],
    "columns of several lengths": {"a": [1, 2], "b": ["x"], "i": [1, 2]},
    "no columns": {},
    "a row without columns": [{}],
    "a number among dictionaries": [GOOD, 5],
    "None among dictionaries": [GOOD, None],
    "a list as the number of a row": [{**GOOD, "i": [2]}],
    "a list as a number": [GOOD, {**GOOD, "i": [2]}],
    "a list as a text": [{**GOOD, "b": ["x"]}],
    "an array of no dimension": np.array(5.0),
    "an array of three dimensions": np.zeros((2, 2, 1)),
    "a structured array": np.zeros(2, [("a", float), ("b", float)]),
    "complex numbers": [[1j, 2.0]],
}
READ_OTHERWISE: dict[str, set[str]] = {  # what these models read in a way of their own
    "lists": {"a row without columns", "no columns"} | {form for form in MALFORMED if form.startswith("a list as")},
    "hashed records": {"a row without columns", "no columns"},
    "records": {"a row without columns", "no columns", "a list as a text"},
}


@pytest.mark.parametrize("name", MODELS)
def test_malformed_rows_are_rejected(name: str) -> None:
    estimator, rows = MODELS[name]
    fast = pretzel.compile(estimator.fit(rows, *([X[:, 0]] if hasattr(estimator, "predict") else [])))
    answer = fast.predict if hasattr(fast, "predict") else fast.transform
    for form in MALFORMED.keys() - READ_OTHERWISE.get(name, set()):
        with pytest.raises(InputError, match="column|row|X"):
            answer(MALFORMED[form])


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("columns of several lengths", "column 'b' has 1 rows, but 'a' 2"),
        ("no columns", "X: a table without columns"),
        ("a number among dictionaries", "row 1: expected a dictionary, as row 0 is, got int 5"),
    ],
)
def test_tables_that_are_no_matrix_are_named(form: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        pretzel.compile(LinearRegression().fit(X, X[:, 0])).predict(MALFORMED[form])


def test_a_list_in_a_column_of_numbers_is_named() -> None:
    estimator, rows = MODELS["table"]
    fast = pretzel.compile(estimator.fit(rows, X[:, 0]))
    with pytest.raises(InputError, match="^column 'i', row 1: expected one value, got a list"):
        fast.predict(MALFORMED["a list as a number"])
