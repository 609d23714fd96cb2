"""Missing values stored in sparse rows, for which the library's trees answer unlike for dense rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import IsolationForest

import pretzel
from pretzel.errors import InputError

X = np.random.default_rng(1).normal(size=(60, 3))


def test_isolation_forests_refuse_nan_in_sparse_rows() -> None:
    model = IsolationForest(n_estimators=20, random_state=0).fit(X)
    rows = sparse.csr_array(np.where(np.abs(X) < 0.4, 0.0, X))
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.score_samples(rows), model.score_samples(rows))
    rows.data[::7] = np.nan
    dense = rows.toarray()
    np.testing.assert_allclose(predictor.score_samples(dense), model.score_samples(dense))
    assert not np.allclose(model.score_samples(rows), model.score_samples(dense))
    with pytest.raises(InputError, match="contains NaN: row 0, column 1"):
        predictor.score_samples(rows)
