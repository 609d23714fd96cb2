"""Long doubles that no float64 equals are rejected, since the libraries look up all of their digits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, OrdinalEncoder

import pretzel
from pretzel.errors import InputError

X = np.array([[0.5, 1.0], [0.25, 2.0], [0.1, 3.0]])
SLIGHTLY = X.astype(np.longdouble) + np.longdouble(1e-18)


@pytest.mark.skipif(np.longdouble("0.1") == np.float64(0.1), reason="long doubles are float64")
def test_long_doubles_that_no_float64_equals_are_rejected() -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(X)
    assert (encoder.transform(SLIGHTLY) == -1).any()
    assert (encoder.transform(X) >= 0).all()
    with pytest.raises(InputError, match=r"row 0: no float64 equals 0\.5\d+ of type (float128|longdouble)"):
        pretzel.compile(encoder).transform(SLIGHTLY)


@pytest.mark.parametrize("give", [np.asarray, pd.DataFrame])
def test_long_doubles_that_float64_equals_are_read(give: type) -> None:
    encoder = OneHotEncoder(sparse_output=False).fit(X)
    rows = X.astype(np.longdouble)
    np.testing.assert_array_equal(pretzel.compile(encoder).transform(give(rows)), encoder.transform(give(rows)))


@pytest.mark.skipif(np.longdouble("0.1") == np.float64(0.1), reason="long doubles are float64")
def test_long_doubles_of_sparse_rows_are_rejected() -> None:
    scaler = MaxAbsScaler().fit(X)
    rows = sparse.csr_matrix(SLIGHTLY)
    with pytest.raises(InputError, match="no float64 equals"):
        pretzel.compile(scaler).transform(rows)
