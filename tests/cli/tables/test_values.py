"""Values of JSON lines and Parquet: nulls, categories, and lists of texts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.preprocessing import MultiLabelBinarizer, OneHotEncoder

import pretzel
from pretzel.cli.files import read
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import of_model
from pretzel.errors import InputError
from tests.cli.test_categories import described

NONE = pd.DataFrame({"flag": pd.Series([True, False, None, True], dtype=object)})
NAN = pd.DataFrame({"flag": pd.Series([True, False, np.nan, True], dtype=object)})
FORMATS = ["objects.jsonl", "arrays.jsonl", "rows.parquet"]


def write(path: Path) -> Path:
    """Write rows with a null."""
    rows = NONE.to_dict("records")
    if path.suffix == ".parquet":
        NONE.to_parquet(path)
    else:
        lines = rows if path.name.startswith("objects") else [[*row.values()] for row in rows]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("table", [NONE, NAN], ids=["None", "NaN"])
@pytest.mark.parametrize("named", [True, False])
def test_a_null_is_the_missing_value_of_the_model(tmp_path: Path, name: str, table: pd.DataFrame, named: bool) -> None:
    X = table if named else table.to_numpy()
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(X)
    served, reads = pretzel.compile(encoder, sample=X), of_model(described(encoder, X))
    (batch,) = read(write(tmp_path / name), reads, Reading(), 10)
    got = np.asarray(served.transform(batch.X))
    np.testing.assert_array_equal(got, encoder.transform(X))
    assert got.sum() == len(table)


def test_an_object_is_not_a_list_of_texts(tmp_path: Path) -> None:
    path, binarizer = tmp_path / "x.jsonl", MultiLabelBinarizer().fit([["a"], ["b"]])
    reads = of_model(described(binarizer, [["a"], ["b"]]))
    path.write_text('["a"]\n{"a": 1}\n')
    with pytest.raises(InputError, match="line 2: expected an array of texts, got an object"):
        list(read(path, reads, Reading(), 10))


@pytest.mark.parametrize("categories", [True, False])
def test_numbers_of_a_table_are_categories(tmp_path: Path, categories: bool) -> None:
    """The library reads codes in the columns of an Arrow table, but values in those of pandas."""
    dice = np.random.default_rng(0)
    X = pd.DataFrame({"n": dice.normal(size=80), "kind": pd.Categorical(dice.choice([20, 3, 7], 80))})
    model = LGBMRegressor(n_estimators=5, verbose=-1).fit(X, X["n"] + (X["kind"].astype(int) == 7))
    served, reads = pretzel.compile(model), of_model(described(model, X))
    (X if categories else X.astype({"kind": int})).to_parquet(tmp_path / "x.parquet")
    (batch,) = read(tmp_path / "x.parquet", reads, Reading(), 100)
    np.testing.assert_allclose(served.predict(batch.X), model.predict(X), rtol=1e-6)
