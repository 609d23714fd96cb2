"""Hard cases of mixtures and envelopes: far from the origin, nearly flat, and rows on the boundary."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import EllipticEnvelope
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from pretzel.errors import InputError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served, wanted

X = np.random.default_rng(0).normal(size=(80, 3))
KINDS = ("full", "tied", "diag", "spherical")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", [GaussianMixture, BayesianGaussianMixture])
def test_one_component(model: type, kind: str) -> None:
    assert_serves(model(n_components=1, covariance_type=kind).fit(X), X, sample=X)


@pytest.mark.parametrize("kind", KINDS)
def test_features_far_from_the_origin(kind: str) -> None:
    x = X + [1e3, -1e3, 0.0]
    fitted = GaussianMixture(2, covariance_type=kind, random_state=0, max_iter=5).fit(x)
    assert_serves(fitted, x, sample=x)


@pytest.mark.parametrize("kind", KINDS)
def test_features_of_float32(kind: str) -> None:
    x = X.astype(np.float32)
    assert_serves(GaussianMixture(2, covariance_type=kind, random_state=0, max_iter=5).fit(x), x, sample=x)


def test_rows_that_are_far_from_every_component() -> None:
    far = np.array([[1e6, 0.0, 0.0], [0.0, -1e8, 1e8]])
    assert_serves(GaussianMixture(3, random_state=0).fit(X), far, sample=far)


@pytest.mark.parametrize("rows", [11, 41, 80])
@pytest.mark.parametrize("width", [1, 2, 9])
@pytest.mark.filterwarnings("ignore")
def test_the_envelope_decides_by_the_same_bits(rows: int, width: int) -> None:
    x = np.random.default_rng(rows).normal(size=(rows, width))
    fitted = EllipticEnvelope(random_state=0).fit(x)
    definition = export(fitted, sample=x)
    got, want = served(definition, x), wanted(fitted, definition, x)
    for method in want:
        np.testing.assert_array_equal(got[method], want[method])


@pytest.mark.parametrize("fitted", [GaussianMixture(2).fit(X), EllipticEnvelope(random_state=0).fit(X)])
def test_what_is_missing_is_refused(fitted: object) -> None:
    broken = X[:3].copy()
    broken[1, 2] = np.nan
    with pytest.raises(InputError, match="row 1"):
        served(export(fitted, sample=X), broken)
