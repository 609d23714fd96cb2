"""Nulls in Arrow dictionaries, which scikit-learn's arrays of a table read as the last value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

import pretzel
from pretzel.errors import InputError

TEXTS = [None, "p", "q", "r", "p", None, "q", "r"]
NUMBERS = [1.0, 2.0, None, 7.0, 2.0, 1.0, None, 7.0]
Y = [0, 1, 0, 1, 1, 1, 0, 0]
UNKNOWN: dict[str, Any] = {"handle_unknown": "use_encoded_value", "unknown_value": -1, "encoded_missing_value": -2}


def one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


READERS: dict[str, tuple[Any, list[Any]]] = {
    "one-hot": (one_hot(), TEXTS),
    "ordinal": (OrdinalEncoder(**UNKNOWN), TEXTS),
    "target": (TargetEncoder(random_state=0), TEXTS),
    "imputed texts": (make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=None), one_hot()), TEXTS),
    "columns": (make_column_transformer((one_hot(), ["a"]), remainder="drop"), TEXTS),
    "numbers": (StandardScaler(), NUMBERS),
    "categories of numbers": (one_hot(), NUMBERS),
    "imputed numbers": (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
    "predicted": (make_pipeline(SimpleImputer(), LinearRegression()), NUMBERS),
}


def answers(model: Any, X: Any) -> Any:
    return (model.predict if hasattr(model, "predict") else model.transform)(X)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("encoded", [True, False], ids=["fitted on a dictionary", "fitted on values"])
def test_nulls_in_dictionaries_are_refused(reader: str, encoded: bool) -> None:
    model, values = READERS[reader]
    plain = pa.table({"a": pa.array(values)})
    dictionary = pa.table({"a": pa.array(values).dictionary_encode()})
    model.fit(dictionary if encoded else plain, Y)
    predictor = pretzel.compile(model)
    first = values.index(None)
    with pytest.raises(InputError, match=f"column 'a', row {first}: null in an Arrow dictionary.*to_pandas"):
        answers(predictor, dictionary)
    full = pa.table({"a": pa.array([value or values[3] for value in values]).dictionary_encode()})
    np.testing.assert_allclose(answers(predictor, full), answers(model, full))


def test_columns_that_no_step_reads_may_hold_nulls() -> None:
    model = make_column_transformer((StandardScaler(), ["a"]), remainder="drop")
    X = pa.table({"a": pa.array([1.0, 2.0, 4.0]), "b": pa.array(["x", None, "x"]).dictionary_encode()})
    np.testing.assert_allclose(pretzel.compile(model.fit(X)).transform(X), model.transform(X))
