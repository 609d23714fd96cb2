"""For any rows and every option, every estimator answers like the library, or rejects the rows like it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.random_rows import LARGE, ODD, Rows
from tests.importers.sklearn.examples import Example, examples
from tests.importers.walk import tries_of

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples", "transform")
ROUNDED = {
    "AffinityPropagation": "the nearest of centers, all equally far but for rounding",
    "Birch": "the nearest of centers, all equally far but for rounding",
    "MeanShift": "the nearest of centers, all equally far but for rounding",
    "KNNImputer": "the nearest by differences of squares, which hold no digit of the differences",
    "LocallyLinearEmbedding": "weights solved from differences of which rounding is all that is left",
    "RBFSampler": "cosines of large numbers, of which rounding is all that is left",
    "GaussianMixture": "shares by exponentials of differences of large numbers",
    "BayesianGaussianMixture": "shares by exponentials of differences of large numbers",
    "CalibratedClassifierCV": "shares of sigmoids far out, where a digit of the score is a digit of the exponent",
    "KernelCenterer": "differences of large numbers",
    "NearestCentroid": "differences of squares, in which the nearest are equally far",
    "Isomap": "lengths of ways of which rounding is all that is left",
}
"""Estimators whose answers to large values only rounding decides, with the reason: they get ordinary values."""
LOOKS_AT_MORE = {
    "SplineTransformer": "refuses infinities where the library answers NaN",
    "LabelBinarizer": "refuses an unseen label where the shape of the library's answer hangs on the other rows",
}
"""Estimators that raise although the library answers, each documented in its importer."""


PUBLIC = [example for example in examples() if not example.name.startswith("_")]


@pytest.mark.parametrize("example", PUBLIC, ids=lambda example: example.name)
def test_random_rows(example: Example) -> None:
    _compare(example, *example.fitted(), draws=4)


@pytest.mark.long
@pytest.mark.parametrize(("example", "option", "value"), tries_of(PUBLIC))
def test_random_rows_with_every_option(example: Example, option: str, value: Any) -> None:
    with_more = isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict)
    chosen, further = value if with_more else (value, {})
    estimator, x = example.fitted(**{option: chosen}, **further)
    try:
        export(estimator)
    except UnsupportedError:
        return  # covered by the walk over options
    _compare(example, estimator, x, draws=12)


def _compare(example: Example, estimator: Any, x: Any, draws: int) -> None:
    odd, reach = (ODD, 1.0) if example.name in ROUNDED else (ODD + LARGE, 10.0)
    predictor = pretzel.compile(estimator)
    for seed in range(draws):
        rows = Rows(x, seed, odd, reach).draw(3)
        for method in METHODS:
            if hasattr(estimator, method) and hasattr(predictor, method):
                want, got = (_outcome(getattr(side, method), rows) for side in (estimator, predictor))
                _alike(example, want, got, getattr(rows, "dtype", None) == np.float32)


def _outcome(method: Any, rows: Any) -> Any:
    """Return the answer, or the error that refuses the rows."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return method(rows.copy())
        except (ValueError, TypeError, KeyError, InputError) as error:
            return error


def _alike(example: Example, want: Any, got: Any, single: bool) -> None:
    refused = isinstance(got, Exception)
    if isinstance(want, Exception) or refused:
        assert refused == isinstance(want, Exception) or (refused and example.name in LOOKS_AT_MORE), (want, got)
        return
    for ours, theirs in zip(_arrays(got), _arrays(want), strict=True):
        narrower = ours.dtype.kind == "U" and example.name.startswith("DummyClassifier")  # as wide as its constant
        assert ours.shape == theirs.shape and (ours.dtype == theirs.dtype or narrower)
        if theirs.dtype.kind != "f":
            assert repr(ours.tolist()) == repr(theirs.tolist())
            continue
        single |= theirs.dtype == np.float32
        largest = np.abs(theirs[np.isfinite(theirs)]).max(initial=1.0)
        scale = largest * (1e-6 if single else 1e-9)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5 if single else 1e-6, atol=scale)


def _arrays(answer: Any) -> list[np.ndarray]:
    if isinstance(answer, (list, tuple)):
        return [array for part in answer for array in _arrays(part)]
    return [answer.toarray() if hasattr(answer, "toarray") else np.asarray(answer)]
