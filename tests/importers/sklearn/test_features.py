"""Features of odd values: on edges, beyond all bins, missing, not positive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, PowerTransformer, QuantileTransformer

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

X = np.random.default_rng(16).normal(size=(40, 2))
EDGES = np.array([edges for edges in KBinsDiscretizer(4).fit(X).bin_edges_]).ravel()
VALUES = st.sampled_from([*EDGES, *np.nextafter(EDGES, np.inf), -0.0, 5e-324, 1e300, -1e300])


@settings(max_examples=20, deadline=None)
@given(hnp.arrays(np.float64, (7, 2), elements=VALUES), st.sampled_from(["ordinal", "onehot"]))
def test_values_on_edges(x: np.ndarray, encode: str) -> None:
    assert_serves(KBinsDiscretizer(4, encode=encode).fit(X), x, sample=x, exact=True, batches=[7])


def test_a_missing_value_stays_one_in_a_power() -> None:
    x = np.where(X > 1, np.nan, X)
    assert_serves(PowerTransformer().fit(x), x, sample=x)


def test_box_cox_refuses_what_is_not_positive() -> None:
    definition = export(PowerTransformer(method="box-cox").fit(np.abs(X) + 0.1))
    with pytest.raises(InputError, match="PowerTransformer"):
        served(definition, np.zeros((2, 2)))


def test_polynomials_of_sparse_rows_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="sparse"):
        export(PolynomialFeatures().fit(X), sample=csr_matrix(X))


@settings(max_examples=20, deadline=None)
@given(
    hnp.arrays(np.float64, (7, 2), elements=st.integers(-30, 30).map(lambda n: n / 10)),
    st.sampled_from(["uniform", "normal"]),
    st.sampled_from(["f4", "f8"]),
)
def test_quantiles_with_ties(x: np.ndarray, output: str, dtype: str) -> None:
    fitted = QuantileTransformer(n_quantiles=15, output_distribution=output).fit(np.round(X, 1).astype(dtype))
    assert_serves(fitted, x.astype(dtype), sample=x.astype(dtype), batches=[7])
