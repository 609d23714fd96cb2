"""Tables and CSV for models that read rows of another form, or categories by their text."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostRegressor
from lightgbm import LGBMRegressor
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from xgboost import XGBRegressor

import pretzel
from pretzel.data_plane.rest.csv_rows import from_csv
from pretzel.data_plane.rest.tables import from_columns, from_rows, from_split
from pretzel.errors import InputError
from tests.data_plane.oip.inferred import Inferred

RECORDS = [{"city": "x", "n": 1.0}, {"city": "y", "n": 2.0}]
DICE = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "n": DICE.normal(size=80).round(3),
        "flag": DICE.random(80) > 0.5,
        "zip": DICE.choice([1234, 99, 53113, -7, 0], 80),
    }
)
TARGET = TABLE["n"] + 2 * TABLE["flag"] + 3 * (TABLE["zip"] == 1234)


class Served:
    """A model, which reads X as a worker makes it."""

    def __init__(self, fitted: Any, sample: Any) -> None:
        definition = pretzel.export(fitted, sample=sample)
        self._metadata, self._signature = definition.metadata, Inferred(definition).signature
        self._fast = pretzel.compile(fitted, sample=sample)

    def predict(self, make: Callable[..., Any], *arguments: Any) -> Any:
        return self._fast.predict(make(*arguments, self._signature, self._metadata))


@cache
def of_dictionaries() -> Served:
    return Served(make_pipeline(DictVectorizer(), LogisticRegression()).fit(RECORDS, [0, 1]), RECORDS)


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (from_columns, ({"city": ["x", "y"]},)),
        (from_split, (["city"], [["x"], ["y"]])),
        (from_csv, (b"city\nx\ny\n",)),
    ],
)
def test_a_table_is_not_one_dictionary_of_lists(make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    assert of_dictionaries().predict(from_rows, RECORDS).tolist() == [0, 1]
    with pytest.raises(InputError, match=r"columns: .* send each row as an object, in `rows`, `instances` or"):
        of_dictionaries().predict(make, *arguments)


def test_names_of_an_object_are_not_a_list_of_texts() -> None:
    lists = [["a", "b"], ["c"]]
    served = Served(
        make_pipeline(FeatureHasher(8, input_type="string"), LogisticRegression()).fit(lists, [0, 1]), lists
    )
    assert served.predict(from_rows, lists).tolist() == [0, 1]
    with pytest.raises(InputError, match="rows: .* send each row as an array of texts"):
        served.predict(from_rows, [{"t": "a"}, {"t": "c"}])


def of_catboost(sample: pd.DataFrame | None) -> Served:
    model = CatBoostRegressor(iterations=20, verbose=0, thread_count=1, allow_writing_files=False)
    return Served(model.fit(TABLE, TARGET, cat_features=["flag", "zip"]), sample)


def test_csv_has_the_categories_of_the_sample() -> None:
    served = of_catboost(TABLE)
    csv = TABLE.assign(zip=TABLE["zip"].map("{:05}".format)).to_csv(index=False)
    want = served.predict(from_rows, TABLE.to_dict("records"))
    assert len({*want}) > 10
    np.testing.assert_array_equal(served.predict(from_csv, csv.encode()), want)


def test_csv_that_may_hold_other_categories_is_rejected() -> None:
    served = of_catboost(None)
    for row, word in (("0,True,1", "'True' may be a boolean"), ("0,1,01234", "'01234' may be an integer")):
        with pytest.raises(InputError, match=f"row 0: column '[a-z]+': {word} or a text"):
            served.predict(from_csv, f"n,flag,zip\n{row}\n".encode())
    assert np.isfinite(served.predict(from_csv, b"n,flag,zip\n0,1,1234\n")).all()


def test_csv_of_booleans_may_have_missing_ones() -> None:
    table = pd.DataFrame({"flag": pd.Series([True, False, np.nan, True], dtype=object), "n": [1.0, 2.0, 3.0, 4.0]})
    model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(table.astype(float), [0, 1, 1, 0])
    csv = table.to_csv(index=False)
    served = Served(model, table.astype(float))
    assert served.predict(from_csv, csv.encode()).tolist() == model.predict(pd.read_csv(io.StringIO(csv))).tolist()


@pytest.mark.parametrize("make", ["objects", "arrays", "columns", "split", "csv"])
@pytest.mark.parametrize("library", [LGBMRegressor(verbose=-1), XGBRegressor(enable_categorical=True)])
def test_numbers_of_named_columns_are_categories(library: Any, make: str) -> None:
    """The libraries read numbers of arrays as codes; a row of a table is read by the values of its categories."""
    table = TABLE[["n"]].assign(kind=pd.Categorical(DICE.choice([20, 3, 7], 80)))
    model = library.set_params(n_estimators=5).fit(table, TARGET + table["kind"].astype(int))
    served = Served(model, table)
    rows = [[n, int(kind)] for n, kind in table.itertuples(index=False)]
    made = {
        "objects": (from_rows, [dict(zip(table, row, strict=True)) for row in rows]),
        "arrays": (from_rows, rows),
        "columns": (from_columns, {name: [row[i] for row in rows] for i, name in enumerate(table)}),
        "split": (from_split, [*table], rows),
        "csv": (from_csv, table.to_csv(index=False).encode()),
    }
    np.testing.assert_allclose(served.predict(*made[make]), model.predict(table), rtol=1e-6)
    assert not np.allclose(model.predict(np.array(rows)), model.predict(table))
