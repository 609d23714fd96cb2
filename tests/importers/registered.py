"""Estimators without an importer of ours, and registrations that end with a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler

from pretzel.importers.families import load_family, load_rest
from pretzel.importers.own import REGISTERED
from pretzel.importers.registry import IMPORTERS, INPUTS_OF


class Winsorizer(TransformerMixin, BaseEstimator):
    """Clips each column to its quantiles, in float64."""

    def __init__(self, tail=0.05):
        self.tail = tail

    def fit(self, X, y=None):
        """Learn the quantiles."""
        X = np.asarray(X, float)
        self.low_, self.high_ = np.quantile(X, [self.tail, 1 - self.tail], axis=0)
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        """Return the clipped columns."""
        return np.clip(np.asarray(X, float), self.low_, self.high_)


class Typical(RegressorMixin, BaseEstimator):
    """Predicts the mean of each row; only the ``transform`` of such a class is traced."""

    def fit(self, X, y=None):
        """Learn the number of columns."""
        self.n_features_in_ = np.shape(X)[1]
        return self

    def predict(self, X):
        """Return the means."""
        return np.asarray(X, float).mean(axis=1)


def winsorizer(estimator, x, part):
    """Return the clipped columns."""
    return {"transform": x.numbers("f64").clip(estimator.low_, estimator.high_)}


@contextmanager
def restored() -> Iterator[None]:
    """Remove at the end what was registered meanwhile."""
    load_family(StandardScaler)
    load_rest()  # what is loaded meanwhile would be removed too
    before = [(registry, dict(registry)) for registry in (IMPORTERS, INPUTS_OF, REGISTERED)]
    try:
        yield
    finally:
        for registry, entries in before:
            registry.clear()
            registry.update(entries)
