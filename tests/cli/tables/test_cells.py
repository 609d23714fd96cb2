"""Cells of a column are parsed as by ``pandas.read_csv``, for any mixture of odd cells."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.cli.tables.cells import Column, is_number
from pretzel.cli.tables.reading import MISSING, Reading
from pretzel.errors import InputError

NUMBERS = ["0", "-0", "007", "+3", " 4", "5 ", "\t6", "1.", ".5", "1e5", "1E-3", "-2.5", "inf", "-Infinity", "1e400"]
# Beyond 64 bits pandas reads numbers or texts depending on the order of the cells.
LARGE = ["16777217", "9223372036854775807", "-9223372036854775808", "0.1234567890123456789"]
ODD = [
    "1_000",
    "NAN",
    "+nan",
    " inf",
    " ",
    "1e",
    "0x10",
    "１２",
    "1,5",
    "--1",
    ".",
    "x",
    "nan ",
    " True",
    "tRUE",
    "1 2",
]
TRUTHS = ["True", "TRUE", "true", "False", "FALSE", "false"]
POOLS = [NUMBERS, NUMBERS + LARGE, TRUTHS, NUMBERS + TRUTHS, NUMBERS + ODD, TRUTHS + ODD]
LISTS = st.sampled_from(POOLS).flatmap(
    lambda pool: st.lists(st.sampled_from([*pool, *sorted(MISSING)]), min_size=1, max_size=8)
)


def by_pandas(cells: list[str], **options) -> pd.Series:
    out = io.StringIO()
    csv.writer(out).writerows([["a", "b"], *([cell, "x"] for cell in cells)])
    return pd.read_csv(io.StringIO(out.getvalue()), **options)["a"]


def column(kind: str = "any", **reading) -> Column:
    return Column("a", kind, Reading(**reading), exactly=kind != "any")


@given(LISTS)
def test_a_whole_column_is_typed_as_by_pandas(cells: list[str]) -> None:
    got, want = column().read(cells, range(len(cells))), by_pandas(cells)
    if isinstance(got, np.ndarray) and got.dtype.kind in "iufb" and want.dtype != object:
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want.to_numpy())
        assert np.signbit(got.astype(float)).tolist() == np.signbit(want.to_numpy().astype(float)).tolist()
    else:
        pd.testing.assert_series_equal(pd.Series(list(got), dtype=object), want.astype(object), check_names=False)


@given(LISTS)
def test_numbers_equal_those_of_pandas_or_are_rejected(cells: list[str]) -> None:
    want = by_pandas(cells)
    try:
        got = column("number").read(cells, range(1, len(cells) + 1))
    except InputError as error:
        assert "column 'a': expected" in str(error) and isinstance(want.dropna().iloc[0], str)
    else:
        np.testing.assert_array_equal(got.astype(float), want.to_numpy().astype(float))


@given(LISTS)
def test_texts_equal_those_of_pandas_with_a_dtype(cells: list[str]) -> None:
    want = by_pandas(cells, dtype={"a": str})
    for parser in (column("text"), column("number", types={"a": "str"})):
        got = pd.Series(parser.read(cells, range(len(cells))), dtype=object)
        pd.testing.assert_series_equal(got, want.astype(object), check_names=False)


@given(st.text(st.sampled_from("0123456789.eE+-_ infINFtyaN"), max_size=8))
def test_numbers_are_recognized_as_by_pandas(cell: str) -> None:
    if cell not in MISSING:
        assert is_number(cell) == (by_pandas([cell, "1.5"]).dtype == np.float64)


@pytest.mark.parametrize("kind", ["number", "any"])
def test_missing_words_can_be_set(kind: str) -> None:
    cells = ["1", "-999", "", "2.5"]
    want = by_pandas(cells, na_values=["-999"]).tolist()
    np.testing.assert_array_equal(column(kind, missing=frozenset({"-999"})).read(cells, range(4)), want)


def test_texts_can_be_without_missing_words() -> None:
    words = ["", "NA", "None"]
    assert column("text", missing=frozenset()).read(words, range(3)) == words


def test_types_are_kept_across_batches() -> None:
    large = column("number")
    assert large.read(["16777217"], [2]).dtype == np.int64
    with pytest.raises(InputError, match=r"line 3, column 'a': .* a large one in line 2") as caught:
        large.read(["0.5"], [3])
    assert "use --types a=float if all are floats" in caught.value.__notes__[0]
    small = column("number")
    assert [small.read([cell], [2]).dtype.kind for cell in ("7", "0.5", "8")] == ["i", "f", "f"]
    typed = column("number", types={"a": "float"})
    assert typed.read(["16777217"], [2]).dtype == np.float64


@pytest.mark.parametrize(("first", "then"), [("True", "1"), ("1", "True")])
def test_truth_values_and_numbers_do_not_mix_across_batches(first: str, then: str) -> None:
    parser = column("number")
    parser.read([first, ""], [2, 3])
    with pytest.raises(InputError, match=f"line 4, column 'a': expected .*, got '{then}'"):
        parser.read([then], [4])


@pytest.mark.parametrize(
    ("cell", "type_", "problem"),
    [
        ("1.0", "int", "expected a whole number"),
        ("", "int", "expected a whole number"),
        ("x", "float", "expected a number"),
        ("1", "bool", "expected True or False"),
    ],
)
def test_cells_that_do_not_match_the_type(cell: str, type_: str, problem: str) -> None:
    with pytest.raises(InputError, match=f"line 9, column 'a': {problem}, .*got '{cell}'|{problem}"):
        column("any", types={"a": type_}).read([cell], [9])


@pytest.mark.parametrize(
    ("cell", "help_line"),
    [
        ("1,5", "--decimal , for"),
        ("1,500.25", "without thousands separators"),
        (" ", "leave the cell empty"),
        ("n.a.", "or use --na 'n.a.' if it means missing"),
    ],
)
def test_invalid_numbers_have_a_remedy(cell: str, help_line: str) -> None:
    with pytest.raises(InputError, match="line 7, column 'a': expected a number") as caught:
        column("number").read(["1", cell], [6, 7])
    assert help_line in caught.value.__notes__[0]


@given(st.lists(st.sampled_from(["1,5", "2", "-0,25", ",5", "", "3,", "1.5"]), min_size=1, max_size=5))
def test_a_decimal_comma(cells: list[str]) -> None:
    want = by_pandas(cells, decimal=",")
    got = column(decimal=",").read(cells, range(len(cells)))
    pd.testing.assert_series_equal(pd.Series(list(got), dtype=object), want.astype(object), check_names=False)


@pytest.mark.parametrize("cell", ["9223372036854775808", "18446744073709551615", "99999999999999999999"])
def test_whole_numbers_beyond_int64(cell: str) -> None:
    got, want = column().read(["1", cell], range(2)), by_pandas(["1", cell])
    assert got.astype(float).tolist() == want.to_numpy().astype(float).tolist()
    assert got.dtype == want.dtype or want.dtype == object


@pytest.mark.timeout(10)  # a pattern that backtracks takes minutes
def test_long_cells_are_read_in_time() -> None:
    digits = "1" * 100_000
    assert not is_number(digits + "x")
    parser = column("number").read([digits, "2"], range(2))
    assert parser.tolist() == [float("inf"), 2.0]
