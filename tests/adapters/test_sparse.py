"""Sparse matrices for models of dense rows: entries not stored, stored zeros, and columns stored twice."""

import numpy as np
import pytest
import scipy.sparse

from pretzel.adapters.sparse import check_repeats, written_out
from pretzel.errors import InputError

NAN = float("nan")


def csr(*rows: list[tuple[int, float]], width: int = 4) -> scipy.sparse.csr_matrix:
    """Return rows of (column, value), stored in this order."""
    starts = np.cumsum([0, *map(len, rows)])
    columns, values = zip(*[entry for row in rows for entry in row], strict=True)
    return scipy.sparse.csr_matrix((np.array(values, float), np.array(columns), starts), shape=(len(rows), width))


TWICE = csr([(0, 1.0)], [(3, 5.0), (1, 2.0), (3, 0.0)], [(2, 7.0), (2, NAN)])


@pytest.mark.parametrize(
    ("metadata", "want"),
    [
        ({}, [[1, 0, 0, 0], [0, 2, 0, 5], [0, 0, NAN, 0]]),
        ({"repeats": "last"}, [[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, NAN, 0]]),
        ({"absent": "missing"}, [[1, NAN, NAN, NAN], [NAN, 2, NAN, 0], [NAN, NAN, 7, NAN]]),
    ],
)
def test_stored_entries_are_converted_as_the_model_reads_them(metadata: dict, want: list):
    np.testing.assert_array_equal(written_out(TWICE, metadata), want)


def test_lightgbm_reads_the_last_of_two_values():
    x = csr([(0, 1.0), (0, 2.0), (1, 3.0), (1, 1e-36)])
    assert written_out(x, {"repeats": "last"}).tolist() == [[2.0, 1e-36, 0.0, 0.0]]
    assert written_out(x, {}).tolist() == [[3.0, 3.0, 0.0, 0.0]]


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_a_column_stored_twice_is_rejected_by_row_and_column(form: str):
    refused = {"repeats": "refused"}
    with pytest.raises(InputError, match=r"^X: row 1 stores column 3 twice; call X.sum_duplicates\(\) first$"):
        check_repeats(TWICE, refused)
    with pytest.raises(InputError, match="row 1 stores column 3 twice"):
        written_out(TWICE, refused)
    unsorted = csr([(2, 1.0), (0, 1.0)], [(3, 1.0), (1, 2.0)])
    assert written_out(unsorted.asformat(form), refused).tolist() == [[1, 0, 1, 0], [0, 2, 0, 1]]


def test_formats_that_scipy_sums_are_summed():
    """The libraries read rows, and SciPy sums coordinates when it converts them to rows."""
    coordinates = scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 3))
    assert written_out(coordinates, {"repeats": "refused"}).tolist() == [[0, 3, 0]]


def test_ambiguous_zeros_are_rejected():
    with pytest.raises(
        InputError, match="pipeline.model distinguishes a stored zero .* sparse sample, or pass X.toarray"
    ):
        written_out(csr([(0, 1.0)]), {"zeros_apart": "pipeline.model"})
    refused = {"stored_zeros": "refused"}
    assert written_out(csr([(0, 1.0)]), refused).tolist() == [[1, 0, 0, 0]]
    with pytest.raises(InputError, match=r"row 1 stores a zero in column 2; call X.eliminate_zeros\(\) first"):
        written_out(csr([(0, 1.0)], [(2, 0.0)]), refused)
