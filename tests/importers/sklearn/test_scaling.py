"""Scalers against scikit-learn, to the bit wherever each step is one rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer, RobustScaler, StandardScaler

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served, run

EXACT = {"relative": 0.0, "scale": 0.0}
SPARSE = [StandardScaler(with_mean=False), RobustScaler(with_centering=False), MaxAbsScaler()]
DTYPES = pytest.mark.parametrize("dtype", ["f4", "f8"])


def data(dtype: str = "f8", rows: int = 60, width: int = 11) -> np.ndarray:
    x = np.random.default_rng(width).normal(3, 2, (rows, width)).astype(dtype)
    x[3], x[:, 4] = 0, 7  # a row of zeros, a constant column
    return x


@DTYPES
@pytest.mark.parametrize("fitted_on", ["f4", "f8"])
@pytest.mark.parametrize("with_mean", [True, False])
@pytest.mark.parametrize("with_std", [True, False])
def test_standard_scaler(dtype: str, fitted_on: str, with_mean: bool, with_std: bool) -> None:
    scaler = StandardScaler(with_mean=with_mean, with_std=with_std).fit(data(fitted_on))
    assert_served(scaler, data(dtype), methods={"transform"}, **EXACT)


@DTYPES
@pytest.mark.parametrize("scaler", SPARSE, ids=str)
def test_sparse_rows_stay_sparse(dtype: str, scaler: Any) -> None:
    x = sparse.random(50, 9, 0.4, "csr", dtype, random_state=0)
    definition = assert_served(scaler.fit(x), x, **EXACT)
    assert definition.outputs["transform"].type.layout == "sparse"


def test_sparse_rows_are_not_centered() -> None:
    scaler = StandardScaler().fit(data())
    with pytest.raises(
        UnsupportedError, match=r"standardscaler: sklearn.preprocessing.StandardScaler\(with_mean=True\)"
    ):
        export(scaler, sample=sparse.csr_matrix(data()))


@DTYPES
@pytest.mark.parametrize("clip", [True, False])
def test_min_max_scaler(dtype: str, clip: bool) -> None:
    scaler = MinMaxScaler(feature_range=(-1, 2), clip=clip).fit(data()[::2])
    assert_served(scaler, data(dtype) * np.asarray(2, dtype), **EXACT)


@DTYPES
@pytest.mark.parametrize("clip", [True, False])
def test_max_abs_scaler(dtype: str, clip: bool) -> None:
    if not hasattr(MaxAbsScaler(), "clip"):
        pytest.skip("this scikit-learn lacks the option")
    assert_served(MaxAbsScaler(clip=clip).fit(data()[::2]), data(dtype) * np.asarray(2, dtype), **EXACT)


@DTYPES
@pytest.mark.parametrize("options", [{}, {"with_centering": False}, {"with_scaling": False}, {"unit_variance": True}])
def test_robust_scaler(dtype: str, options: dict[str, bool]) -> None:
    assert_served(RobustScaler(**options).fit(data()), data(dtype), **EXACT)


@DTYPES
@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_normalizer(dtype: str, norm: str) -> None:
    x = data(dtype)
    x[5] *= np.asarray(1e-20, dtype)  # below ten epsilons: dense rows stay unchanged, sparse ones do not
    assert_served(Normalizer(norm).fit(x), x, relative=2e-7 if dtype == "f4" else 1e-15, scale=0.0)
    assert_served(Normalizer(norm).fit(x), sparse.csr_matrix(x), **EXACT)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
@pytest.mark.parametrize("size", [1e19, 2e19, 1e30, 3e38, 1e-30])
def test_squares_overflow_in_the_type_of_the_rows(norm: str, size: float) -> None:
    rows = np.array([[size, 1], [size, -size / 3], [1, 2]], np.float32)
    model = Normalizer(norm).fit(rows)
    assert (norm, size) != ("l2", 1e30) or not model.transform(rows)[:2].any()
    for x in (rows, sparse.csr_matrix(rows)):
        assert_served(model, x, relative=2e-7, scale=0.0)


def test_missing_values_pass_scalers_and_infinities_do_not() -> None:
    x = data()
    x[2, 1] = np.nan
    assert_served(StandardScaler().fit(data()), x, **EXACT)
    definition = export(StandardScaler().fit(data()))
    x[4, 3] = np.inf
    with pytest.raises(InputError, match="Input X contains infinity or a value too large.*row 4, column 3"):
        run(definition, {"X": x})


def test_normalizer_refuses_missing_values() -> None:
    definition = export(Normalizer().fit(data()))
    with pytest.raises(InputError, match=r"Input X contains NaN: row 0, column 2\. Normalizer does not accept"):
        run(definition, {"X": np.array([[1.0, 2, np.nan] + [0] * 8])})
