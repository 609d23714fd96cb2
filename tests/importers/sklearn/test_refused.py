"""Estimators that cannot be served with any options are refused with a reason, alone and in a pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import NMF, MiniBatchNMF
from sklearn.feature_extraction.image import PatchExtractor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from pretzel.errors import UnsupportedError
from pretzel.importers import IMPORTERS, export
from pretzel.importers.families import load_family, load_rest
from pretzel.importers.registry import REFUSED

X = np.abs(np.random.default_rng(0).normal(size=(20, 4)))


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            NMF(2, max_iter=300).fit(X),
            "nmf: sklearn.decomposition.NMF cannot be served: all rows of a call decide when its iteration stops",
        ),
        (
            MiniBatchNMF(2).fit(X),
            "minibatchnmf: sklearn.decomposition.MiniBatchNMF cannot be served: .*; use TruncatedSVD",
        ),
        (
            PatchExtractor().fit(X.reshape(5, 4, 4)),
            "sklearn.feature_extraction.image.PatchExtractor cannot be served: it returns several",
        ),
        (
            make_pipeline(NMF(2, max_iter=300), Ridge()).fit(X, X[:, 0]),
            "pipeline.nmf: sklearn.decomposition.NMF cannot be served",
        ),
    ],
    ids=["NMF", "MiniBatchNMF", "PatchExtractor", "a step"],
)
def test_the_refusal_has_its_reason(estimator: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        export(estimator, sample=X)


def test_a_row_of_a_factorization_does_depend_on_the_others() -> None:
    fitted = NMF(2, max_iter=300, tol=1e-1).fit(X)
    alone = np.concatenate([fitted.transform(row[None]) for row in X])
    assert not np.allclose(fitted.transform(X), alone, rtol=1e-3)


def test_nothing_is_both_served_and_refused() -> None:
    load_family(Ridge)
    load_rest()
    assert not REFUSED.keys() & IMPORTERS.keys()
