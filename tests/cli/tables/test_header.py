"""Detection of headers: by the model's names, by stated rules, or rejected with the options that decide."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.cli.tables.header import column_names, is_header
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import Reads
from pretzel.errors import InputError

MATRIX = Reads("matrix", kind="number")
NAMED = Reads("frame", ("2019", "2020", "job"), {"2019": "number", "2020": "number", "job": "text"})
PLAIN = Reads("frame", ("a", "b"), {"a": "number", "b": "number"})
TEXTS = Reads("texts", kind="text")
EITHER = "use --header if line 1 names the columns, --no-header if it is a row"


@pytest.mark.parametrize(
    ("reads", "line", "want"),
    [
        (MATRIX, "a,b", True),
        (MATRIX, ",a,b", True),
        (MATRIX, "1.5,2", False),
        (MATRIX, "-1,2", False),
        (MATRIX, "1,1", False),
        (MATRIX, "1,,2", False),
        (MATRIX, "5.1,3.5,1.4,0.2", False),
        (MATRIX, "True,3.5", False),
        (NAMED, "2019,2020,job", True),
        (NAMED, "job,other,2020,2019", True),
        (NAMED, "1.5,2,x", False),
        (PLAIN, "0.5,1", False),
        (TEXTS, "text", True),
        (TEXTS, "Documents", True),
        (TEXTS, "review_text", True),
        (TEXTS, "label,review_text", True),
        (TEXTS, "label,spam", True),
    ],
)
def test_unambiguous_lines(reads: Reads, line: str, want: bool) -> None:
    assert is_header(line.split(","), 1, reads, Reading()) == want
    for header in (True, False):
        assert is_header(line.split(","), 1, reads, Reading(header=header)) == header


@pytest.mark.parametrize(
    ("reads", "line", "remedy"),
    [
        (MATRIX, "0,1,2", EITHER),
        (MATRIX, ",0,1,2", EITHER),
        (MATRIX, "2019,2020", EITHER),
        (MATRIX, "5,2,9", EITHER),
        (MATRIX, "0", EITHER),
        (MATRIX, "1100.5,1102.5,1104.5,1106.5,1108.5", EITHER),
        (MATRIX, "age,2019", EITHER),
        (Reads("matrix", kind="text"), "a,b", EITHER),
        (PLAIN, "0,1", EITHER),
        (NAMED, "2019,2020,work", "use --no-header if line 1 is a row"),
        (NAMED, "x,y,z", "use --no-header if line 1 is a row"),
        (TEXTS, "a good movie", EITHER),
        (TEXTS, "1,good", EITHER),
        (TEXTS, "spam", EITHER),
        (TEXTS, "_", EITHER),
        (TEXTS, "Hello", EITHER),
    ],
)
def test_ambiguous_lines_are_rejected(reads: Reads, line: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        is_header(line.split(","), 1, reads, Reading())
    assert remedy in caught.value.__notes__[0]


def test_selected_columns_imply_a_header() -> None:
    assert is_header(["2019", "2020"], 1, MATRIX, Reading(columns=("2020",)))


@given(st.lists(st.sampled_from(["a", "b", "a.1", "a.2", "", "Unnamed: 1", "b.1"]), min_size=1, max_size=6))
def test_columns_are_named_as_by_pandas(header: list[str]) -> None:
    line = ",".join(f'"{cell}"' for cell in header) + "\n" + ",".join("1" * len(header)) + "\n"
    assert column_names(header) == list(pd.read_csv(io.StringIO(line)).columns)


@given(st.integers(1, 30), st.integers(0, 2100))
def test_a_header_written_by_pandas_is_never_read_as_a_row(width: int, start: int) -> None:
    frame = pd.DataFrame(np.zeros((1, width)), columns=range(start, start + width))
    for index in (False, True):
        header = frame.to_csv(index=index).splitlines()[0].split(",")
        with pytest.raises(InputError, match="line 1 may name the columns"):
            is_header(header, 1, MATRIX, Reading())
