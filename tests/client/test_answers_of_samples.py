"""Conversion of the library's answers to a sample from objects: tables with several column types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer

from pretzel.client.golden import Golden, golden_sample
from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan import wire
from pretzel.plan.definition import Definition
from tests.importers.sklearn.frames import served

TABLE = pd.DataFrame({"a": [1.5, np.nan, 3.0, 4.0], "n": [1, 2, 3, 1], "b": [True, False, True, True]})
PARTS: dict[str, Any] = {
    "indicator": [("n", SimpleImputer(), ["a"]), ("m", MissingIndicator(features="all"), ["a"])],
    "booleans": [("n", SimpleImputer(), ["a"]), ("b", "passthrough", ["b"])],
    "integers and booleans": [("n", "passthrough", ["n"]), ("b", "passthrough", ["b"])],
    "all": [("n", SimpleImputer(), ["a"]), ("b", "passthrough", ["n", "b"])],
}


def expected(model: Any, sample: Any, definition: Definition) -> Any:
    """Return the library's answers as a deployment sends them."""
    message = golden_sample(Golden(model, sample, None), definition)
    return wire.columns_from_proto(message.outputs)["transform"]


@pytest.mark.parametrize("form", ["default", "pandas"])
@pytest.mark.parametrize("name", PARTS)
def test_numbers_in_columns_of_several_types_are_sent_as_numbers(name: str, form: str) -> None:
    model = ColumnTransformer(PARTS[name]).set_output(transform=form).fit(TABLE)
    definition = export(model, sample=TABLE)
    sent = expected(model, TABLE, definition)
    assert np.asarray(model.transform(TABLE)).dtype == object or sent.dtype.kind in "fi"
    np.testing.assert_array_equal(sent, served(definition, TABLE)["transform"])


def test_missing_values_of_pandas_are_sent_as_nan() -> None:
    table = TABLE.assign(n=pd.array([1, None, 3, 1], dtype="Int64"))
    model = ColumnTransformer(PARTS["all"]).set_output(transform="pandas").fit(table)
    definition = export(model, sample=table)
    np.testing.assert_array_equal(expected(model, table, definition), served(definition, table)["transform"])


def test_answers_other_than_numbers_are_rejected_by_name() -> None:
    model = ColumnTransformer([("n", "passthrough", ["n"])]).set_output(transform="pandas").fit(TABLE)
    texts = TABLE.assign(n=["1", "x", "3", "4"])

    class Odd:
        def transform(self, X: Any) -> Any:
            return texts[["n"]].to_numpy(object)

    with pytest.raises(InputError, match="sample: the estimator's transform returns objects, but f64.* is served"):
        expected(Odd(), TABLE, export(model))
