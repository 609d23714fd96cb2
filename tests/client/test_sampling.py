"""Choice of the sample rows that are verified."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from pretzel.client.sampling import choose_rows, row_count, take_rows

ROWS = 5000
FORMS = {
    "array": lambda x: x,
    "float32": lambda x: x.astype(np.float32),
    "object array": lambda x: x.astype(object),
    "list of lists": lambda x: x.tolist(),
    "pandas": lambda x: pd.DataFrame(x, columns=["a", "b"]),
    "polars": lambda x: pl.DataFrame(x, schema=["a", "b"]),
    "arrow": lambda x: pa.table({"a": x[:, 0], "b": x[:, 1]}),
    "mapping": lambda x: {"a": x[:, 0], "b": x[:, 1].tolist()},
    "list of mappings": lambda x: [{"a": a, "b": b} for a, b in x.tolist()],
    "sparse": sp.csr_matrix,
    "sparse by keys": sp.dok_matrix,
}


def numbers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(ROWS, 2))


@pytest.mark.parametrize("form", FORMS)
def test_rows_in_every_form(form: str) -> None:
    x = numbers()
    X = FORMS[form](x)
    rows = choose_rows(X, 100)
    assert row_count(X) == ROWS
    assert 90 <= len(rows) <= 100
    assert {0, ROWS - 1} <= set(rows.tolist())
    assert (np.diff(rows) > 0).all()
    taken = take_rows(X, rows)
    assert row_count(taken) == len(rows)
    if form == "array":
        np.testing.assert_array_equal(taken, x[rows])
    if form == "pandas":
        np.testing.assert_array_equal(taken.to_numpy(), x[rows])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e300])
@pytest.mark.parametrize(
    "form", ["array", "object array", "list of lists", "pandas", "polars", "arrow", "sparse", "mapping"]
)
def test_an_unusual_number_is_always_chosen(form: str, value: float) -> None:
    x = numbers()
    x[1500, 1] = value
    assert 1500 in choose_rows(FORMS[form](x), 10)


def test_each_category_is_chosen() -> None:
    kinds = np.array(["common"] * ROWS, object)
    kinds[1234], kinds[2345], kinds[3456] = "rare", None, np.nan
    assert {1234, 2345, 3456} <= set(choose_rows(pd.DataFrame({"kind": pd.Series(kinds, dtype=object)}), 20).tolist())


def test_the_longest_and_the_shortest_text_are_chosen() -> None:
    texts = [f"text {i:05}" for i in range(ROWS)]
    texts[1234], texts[2345] = "", "x" * 999
    assert {1234, 2345} <= set(choose_rows(texts, 10).tolist())


def test_rows_of_named_values_with_different_names() -> None:
    rows = [{"a": 1.0} for _ in range(ROWS)]
    rows[1234] = {"a": 1.0, "b": 2.0}
    assert 1234 in choose_rows(rows, 10)


def test_many_columns_share_the_choice() -> None:
    x = np.random.default_rng(0).normal(size=(ROWS, 300))
    rows = choose_rows(x, 100)
    assert len(rows) <= 100
    assert np.diff(rows).max() < 300, "half of the choice is evenly spaced"


@given(st.integers(0, 50), st.integers(1, 60))
def test_at_most_the_requested_number_or_all_rows_are_chosen(total: int, most: int) -> None:
    rows = choose_rows(np.arange(total), most)
    assert len(rows) <= most
    if total <= most:
        assert rows.tolist() == list(range(total))
