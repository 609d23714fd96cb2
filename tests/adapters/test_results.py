"""Results have the types of the estimator's results."""

import sys

import numpy as np
import pytest
import scipy.sparse

from pretzel.adapters.results import result_of
from pretzel.plan.values import Csr, Labels, Texts

CODES = np.array([1, 0, 1])


def test_arrays_are_owned_by_the_caller():
    sent = np.frombuffer(bytes(24))
    got = result_of(sent)
    got[0] = 1.0
    assert sent[0] == 0.0


@pytest.mark.parametrize(
    ("labels", "classes_dtype", "dtype"),
    [
        (["no", "yes"], "<U3", "<U3"),
        (["no", "yes"], None, "<U3"),
        (["no", "yes"], "object", "O"),
        (np.array([3, 7]), "<i8", "<i8"),
        (np.array([False, True]), "|b1", "?"),
    ],
)
def test_labels_have_the_dtype_of_the_classes(labels, classes_dtype, dtype):
    got = result_of(Labels(CODES, labels), classes_dtype)
    assert got.dtype == np.dtype(dtype)
    assert got.tolist() == [labels[1], labels[0], labels[1]]


def test_texts():
    assert result_of(Texts.of(["a", "bc"])).dtype == object
    assert result_of(Texts.of(["a", None])).tolist() == ["a", None]
    assert result_of(Texts.of(["a", "b", "c", "d"], 2)).tolist() == [["a", "b"], ["c", "d"]]
    assert result_of(Texts.of([])).dtype == object


def test_sparse_with_and_without_scipy(monkeypatch):
    matrix = Csr.of(np.array([[0.0, 2.0], [0.0, 0.0]]))
    got = result_of(matrix)
    assert isinstance(got, scipy.sparse.csr_matrix)
    assert got.toarray().tolist() == [[0.0, 2.0], [0.0, 0.0]]
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    assert result_of(matrix) is matrix


@pytest.mark.parametrize("rows", [0, 1, 3, 5000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_a_sparse_matrix_equals_one_constructed_by_scipy(rows, dtype):
    matrix = Csr.of(np.tile(np.array([[0, 2, 0, 7]], dtype), (rows, 1)))
    want = scipy.sparse.csr_matrix((matrix.data, matrix.indices, matrix.starts), shape=(rows, 4))
    first, got = result_of(matrix), result_of(matrix)
    first.data[:] = 9  # a copy: neither the next answer nor the source changes
    assert got.__dict__.keys() == want.__dict__.keys()
    assert (got.shape, got.dtype, got.indptr.dtype) == (want.shape, want.dtype, want.indptr.dtype)
    assert np.array_equal(got.toarray(), matrix.dense())
