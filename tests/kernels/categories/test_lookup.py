"""The look-up kernels: invalid tables are rejected, and keys that share a place in a table are distinguished."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.kernels.categories.columns import ImputeText, OneHot, Take
from pretzel.kernels.categories.lookup import NumberLookup, TextLookup, number_table, text_table
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT, dense, sparse

OPTIONS = {"nan_code": -1, "none_code": -1, "refuse_unknown": False, "column": "c"}


def codes(kernel: Any, kind: Any, values: Any) -> list[int]:
    program = Program([kind, dense("i64")], 1, [(kernel, [0], 1)], [1], 64)
    result: list[int] = program.run(Workspace(), [values], len(values))[0].tolist()
    return result


def texts(keys: list[str], table: np.ndarray | None = None) -> TextLookup:
    parameter = Parameter.strings(keys)
    built = text_table(parameter.offsets, parameter.utf8) if table is None else table
    return TextLookup((TEXT,), dense("i64"), keys=parameter, table=built, **OPTIONS)


def test_every_key_of_many_is_found_and_no_other() -> None:
    keys = [f"{'x' * (i % 19)}{i}" for i in range(20_000)]
    assert codes(texts(keys), TEXT, tuple(keys)) == list(range(len(keys)))
    assert set(codes(texts(keys), TEXT, tuple(key + "!" for key in keys))) == {-1}


def test_every_number_of_many_is_found_and_no_other() -> None:
    keys = np.random.default_rng(0).permutation(np.arange(20_000) * 0.1)
    kernel = NumberLookup((dense("f64"),), dense("i64"), keys=keys, table=number_table(keys), **OPTIONS)
    assert codes(kernel, dense("f64"), keys) == list(range(len(keys)))
    assert set(codes(kernel, dense("f64"), np.nextafter(keys, -1.0))) == {-1}


@pytest.mark.parametrize("keys", [[], [""], ["a"], ["a", "b", "c"]])
def test_small_tables_have_a_free_place(keys: list[str]) -> None:
    assert codes(texts(keys), TEXT, (*keys, "z")) == [*range(len(keys)), -1]


INVALID = {
    "is not a hash table": np.zeros((3, 2), np.uint32),
    "is not a hash table$": np.zeros((4, 3), np.uint32),
    "is not a hash table ?": np.zeros((0, 2), np.uint32),
    "names key 2 of 2": np.array([[0, 3], [0, 0], [0, 0], [0, 0]], np.uint32),
    "no place is free": np.ones((4, 2), np.uint32),
}


@pytest.mark.parametrize("problem", INVALID)
def test_an_invalid_table_is_rejected(problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        texts(["a", "b"], INVALID[problem])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=9))
def test_no_bytes_lead_out_of_bounds_or_into_a_cycle(changes: list[tuple[int, int, int]]) -> None:
    keys = Parameter.strings(["a", "bb", "ccc"])
    table = text_table(keys.offsets, keys.utf8)
    for place, half, value in changes:
        table[place, half] = value
    try:
        results = codes(texts(["a", "bb", "ccc"], table), TEXT, ("a", "bb", "ccc", "d", None))
    except ValueError:
        return
    assert set(results) <= {-1, 0, 1, 2}


def test_parameters_that_do_not_fit_are_rejected() -> None:
    with pytest.raises(ValueError, match="table: float32"):
        Take((dense("i64"),), dense("f64"), table=np.zeros(3, np.float32), default=0.0)
    with pytest.raises(ValueError, match="table: float64"):
        Take((dense("i64"),), dense("f64", 3), table=np.zeros((3, 2)), default=0.0)
    with pytest.raises(ValueError, match="fill: 1 texts for 2 columns"):
        fill = Parameter.strings(["a"])
        ImputeText((dense("str", 2),), dense("str", 2), fill=fill, missing_text=None, missing_none=False)
    with pytest.raises(ValueError, match="keys: int64 does not fit f64"):
        keys = np.arange(3)
        NumberLookup((dense("f64"),), dense("i64"), keys=keys, table=number_table(keys), **OPTIONS)


def test_one_hot_without_rows_and_columns() -> None:
    kernel = OneHot((dense("i64"),), sparse("f64", 0), width=0, dtype="f64")
    program = Program([dense("i64"), sparse("f64", 0)], 1, [(kernel, [0], 1)], [1], 64)
    for rows in (0, 3):
        values, columns, starts = program.run(Workspace(), [np.zeros(rows, np.int64)], rows)[0]
        assert (len(values), len(columns), starts.tolist()) == (0, 0, [0] * (rows + 1))
