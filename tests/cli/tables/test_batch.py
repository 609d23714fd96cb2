"""Errors about a row of a batch are translated to a line and a column of the file."""

import numpy as np
import pytest

from pretzel.cli.tables.batch import Batch
from pretzel.errors import InputError

NAN = float("nan")
COLUMNS = {"age": np.array([1.0, NAN]), "job": ["a", "z"], "size": np.array([np.inf, 7.0])}


def batch(columns=COLUMNS, unit: str = "line", **inputs) -> Batch:
    return Batch(None, [12_344, 12_345], "x.csv", unit, columns, **inputs)


@pytest.mark.parametrize(
    ("message", "want"),
    [
        ("Input X contains NaN: row 1, column 0. Impute", "Input X contains NaN: line 12345, column 'age'. Impute"),
        ("Input X contains NaN: row 1, column 7.", "Input X contains NaN: line 12345, column 'age'."),
        ("Input X contains infinity: row 0, column 2. a", "Input X contains infinity: line 12344, column 'size'. a"),
        ("row 1: Found unknown categories ['z'] in column 0 during transform",
         "line 12345: Found unknown categories ['z'] in column 'job' during transform"),
        ("column 'age', row 1: expected text, got float nan", "column 'age', line 12345: expected text, got float nan"),
        ("column 'X', row 1: refused", "line 12345: refused"),
        ("column 'age': row 1: 1.5 is not int64", "column 'age': line 12345: 1.5 is not int64"),
        ("row 1, column 5: value 8 was refused", "line 12345: value 8 was refused"),
        ("row 99: odd", "row 99: odd"),
        ("column 'row 1' is missing", "column 'row 1' is missing"),
    ],
)  # fmt: skip
def test_rows_and_columns(message: str, want: str) -> None:
    assert batch().translated(message) == want


def test_a_single_column_of_documents_is_named() -> None:
    error = batch({"text": ["a", "b"]}).translated("column 'X', row 1: the text holds a lone surrogate")
    assert error == "column 'text', line 12345: the text holds a lone surrogate"


def test_formats_without_lines_use_row_numbers() -> None:
    assert batch(unit="row").translated("row 0: odd") == "row 12344: odd"


def test_errors_name_the_file_and_keep_their_help() -> None:
    with pytest.raises(InputError, match=r"x.csv: line 12345: odd") as caught, batch().located():
        error = InputError("row 1: odd")
        error.add_note("do this")
        raise error
    assert caught.value.__notes__ == ["do this"]


@pytest.mark.parametrize(
    ("message", "want"),
    [
        ("Input X contains NaN", " (the first is in line 12345, column 'age')"),
        ("Input X contains infinity or a value too large", " (the first is in line 12344, column 'size')"),
        ("could not convert string to float: 'z'", " (the first is in line 12345, column 'job')"),
        ("Found unknown categories ['a'] in column 0", " (the first is in line 12344, column 'job')"),
        ("Found unknown categories ['q'] in column 0", ""),
        ("the financial information is missing: 'z'", ""),
    ],
)
def test_the_value_that_a_library_rejects_is_located(message: str, want: str) -> None:
    assert batch().first_cause(message) == want
