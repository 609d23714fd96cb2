"""Densities use scikit-learn's bounds to the bit, because far from all rows only the bounds decide."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.plan.ops.density import DENSITY_KERNELS

_random = np.random.default_rng(5)
X = np.vstack([_random.normal(size=(200, 2)), _random.normal(size=(200, 2)) + 20.0, np.ones((9, 2))])
ASKED = np.vstack([X[::20], np.linspace(-5, 25, 80)[:, None] * [1.0, 0.9], [[100.0, 0.0], [-1e6, 1e6]]])
WEIGHTS = _random.integers(0, 4, len(X)) * 0.3
TREES: dict[str, dict[str, Any]] = {
    "boxes": {},
    "balls": {"algorithm": "ball_tree"},
    "small balls": {"algorithm": "ball_tree", "leaf_size": 3},  # some without weight, whose centers are NaN
    "manhattan": {"metric": "manhattan"},
    "chebyshev": {"metric": "chebyshev", "leaf_size": 7},
    "minkowski": {"metric": "minkowski", "metric_params": {"p": 3}},
    "canberra": {"metric": "canberra", "leaf_size": 3},
    "braycurtis": {"metric": "braycurtis", "leaf_size": 3},
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="elsewhere compilers may join products and sums")
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("kernel", DENSITY_KERNELS)
def test_every_bit(kernel: str, tree: str, weights: Any) -> None:
    for bandwidth in (0.1, 1.0, 4.0):
        for breadth_first in (True, False):
            options = {"kernel": kernel, "bandwidth": bandwidth, "breadth_first": breadth_first, **TREES[tree]}
            fitted = KernelDensity(**options).fit(X, sample_weight=weights)
            got = pretzel.compile(fitted).score_samples(ASKED)
            np.testing.assert_array_equal(got, fitted.score_samples(ASKED), str(options))


def test_after_a_scaler_and_in_single_precision() -> None:
    model = make_pipeline(StandardScaler(), KernelDensity(kernel="exponential")).fit(X)
    np.testing.assert_allclose(pretzel.compile(model).score_samples(ASKED), model.score_samples(ASKED), rtol=1e-9)
    single = ASKED.astype(np.float32)
    got, want = pretzel.compile(model[-1]).score_samples(single), model[-1].score_samples(single)
    assert got.dtype == want.dtype == np.float64
    np.testing.assert_allclose(got, want, rtol=1e-9)


def test_nan_is_refused() -> None:
    with pytest.raises(InputError, match="KernelDensity"):
        pretzel.compile(KernelDensity().fit(X)).score_samples([[np.nan, 1.0]])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"rtol": 1e-3}, r"KernelDensity\(rtol=0.001\) cannot be served: .*; set rtol=0, and fit again"),
        ({"atol": 1e-3}, r"KernelDensity\(atol=0.001\)"),
        (
            {"metric": "haversine"},
            r"metric='haversine'.*the distance is not supported; use one of \['braycurtis'",
        ),
        ({"metric": "minkowski", "metric_params": {"w": [1.0, 2.0]}}, "metric_params="),
    ],
)
def test_what_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnsupportedError, match=problem):
        export(KernelDensity(**options).fit(X[:200]))
