"""Iterative decompositions of a row: into topics, or into atoms of a dictionary."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["MatchingPursuit", "Topics"]

MAX_ITERATIONS = 10_000
"""Bounds the time of one row."""


class Topics(Node):
    """The Dirichlet parameters of each topic for a row of counts, by variational inference.

    Starting at ones, each iteration takes the expected logarithm of each topic's share and distributes the counts by
    it, until the parameters change by less than ``tolerance`` on average, at most ``iterations`` times.  Negative
    counts are rejected.  Computed in the type of x.  Source: ``LatentDirichletAllocation``.
    """

    x: Node
    words: Parameter
    """``[k, width]`` of the type of x: the exponential of the expected logarithm of each word's share in each topic."""
    prior: float
    """``doc_topic_prior_``, finite: the prior of each topic."""
    tolerance: float
    """``mean_change_tol``, finite."""
    iterations: int
    """``max_doc_update_iter``, 0..10000."""
    breaker = True
    compute_bound = True
    exact = True
    refuses = True

    def infer(self) -> ValueType:
        """Floats in, dense or sparse; k columns of their type out."""
        t, shape = self.x.type, self.words.shape
        if not t.is_float or len(shape) != 2 or shape[1] != t.columns or not shape[0]:
            raise self.fail(f"words: {self.words.dtype}{list(shape)} does not fit x: {t}")
        if self.words.dtype != t.dtype:
            raise self.fail(f"words: expected {t.dtype} like x, got {self.words.dtype}")
        if not 0 <= self.iterations <= MAX_ITERATIONS or not np.isfinite([self.prior, self.tolerance]).all():
            raise self.fail(f"prior, tolerance, iterations: expected finite numbers, iterations 0..{MAX_ITERATIONS}")
        return dense(t.dtype, shape[0])


class MatchingPursuit(Node):
    """The coefficients of up to ``count`` atoms that approximate a row, by orthogonal matching pursuit.

    x holds the products of the row with all atoms, finite numbers.  Each iteration takes the atom with the largest
    product with the residual, the first of equal ones, and solves for all coefficients again; it ends early if the
    residual is zero, or if the next atom depends on those taken.  Source: ``sklearn.linear_model.orthogonal_mp_gram``.
    """

    x: Node
    gram: Parameter
    """``f64[k, k]``: the products of the atoms with each other."""
    count: int
    """``n_nonzero_coefs``, 1..k."""
    breaker = True
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """A dense matrix of k f64 in, the same type out."""
        t = self.x.type
        if t.dtype != "f64" or t.layout != "dense" or not t.width:
            raise self.fail(f"x: expected a dense matrix of f64, got {t}")
        if self.gram.dtype != "f64" or self.gram.shape != (t.width, t.width):
            raise self.fail(f"gram: expected f64[{t.width}, {t.width}], got {self.gram}")
        if not 1 <= self.count <= t.width:
            raise self.fail(f"count: expected 1..{t.width}, got {self.count}")
        return t
