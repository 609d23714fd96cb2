"""Long doubles are rejected, since the libraries compute with, and look up, all of their digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OrdinalEncoder

import pretzel
from pretzel.errors import InputError

X = np.array([[0.5, 1.0], [0.25, 2.0], [0.1, 3.0]])
WIDE = pytest.mark.skipif(np.longdouble("0.1") == np.float64(0.1), reason="long doubles are float64")


@WIDE
@pytest.mark.parametrize("give", [np.asarray, pd.DataFrame, sparse.csr_matrix])
def test_long_doubles_are_rejected(give: Callable[[Any], Any]) -> None:
    model = LogisticRegression().fit(X, [0, 1, 0])
    with pytest.raises(InputError, match=r"(float128|longdouble): the library computes in it.*astype\(float\)"):
        pretzel.compile(model).predict_log_proba(give(X.astype(np.longdouble)))


@WIDE
def test_the_library_computes_with_all_digits_of_long_doubles() -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(X)
    assert (encoder.transform(X.astype(np.longdouble) + np.longdouble(1e-18)) == -1).any()
    model = LogisticRegression().fit(X, [0, 1, 0])
    far = X.astype(np.longdouble) * 1000
    assert (model.predict_log_proba(far) != model.predict_log_proba(far.astype(float))).any()
