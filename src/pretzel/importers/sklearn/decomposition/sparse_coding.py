"""Rows as sparse combinations of the atoms of a dictionary."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.matrices import checked_dense, product
from pretzel.importers.sklearn.common.members import cast, stacked
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(decomposition.SparseCoder)
def sparse_coder(estimator: Any, x: Columns, step: Step) -> Methods:
    """The code of each row in the given dictionary."""
    return {"transform": _coded(estimator, np.asarray(estimator.dictionary), estimator.transform_alpha, x, step)}


@imports(decomposition.DictionaryLearning, decomposition.MiniBatchDictionaryLearning)
def dictionary_learning(estimator: Any, x: Columns, step: Step) -> Methods:
    """The code of each row in the fitted dictionary."""
    alpha = estimator.alpha if estimator.transform_alpha is None else estimator.transform_alpha
    return {"transform": _coded(estimator, estimator.components_, alpha, x, step)}


def _coded(estimator: Any, atoms: np.ndarray, alpha: Any, x: Columns, step: Step) -> Node:
    node = checked_dense(x, estimator, step)
    if estimator.transform_algorithm == "threshold":
        below = np.zeros_like(atoms) if estimator.positive_code else -atoms
        sides = _shrunk(node, np.concatenate([atoms, below]), 1.0 if alpha is None else float(alpha))
    elif estimator.transform_algorithm == "omp":
        sides = _sides(_pursued(estimator, node, atoms, step))
    else:
        remedy = "use transform_algorithm='omp' or 'threshold'"
        raise step.refuse("transform_algorithm", "this algorithm is not served", remedy)
    if estimator.split_sign:
        return cast(sides, "f64")
    signs = np.concatenate([np.eye(len(atoms)), -np.eye(len(atoms))])
    return ops.Linear(sides, Parameter.of(signs.astype(sides.type.numpy)))


def _shrunk(x: Node, sides: np.ndarray, alpha: float) -> Node:
    """Return the excess over alpha of the product with each side of an atom."""
    return ops.Elementwise(product(x, sides, -alpha), "relu")


def _sides(code: Node) -> Node:
    """Return the positive parts, then the absolute negative parts."""
    return stacked([ops.Elementwise(part, "relu") for part in (code, ops.Elementwise(code, "negative"))])


def _pursued(estimator: Any, x: Node, atoms: np.ndarray, step: Step) -> Node:
    if estimator.positive_code:
        raise step.refuse("positive_code", "the library has no positive code by 'omp'", "use 'threshold', or False")
    if atoms.dtype != np.float64 or x.type.dtype != "f64":
        raise step.refuse("transform_algorithm", "in float32 rounding decides which atoms it chooses", "use float64")
    sides = np.concatenate([atoms, -atoms])[np.tile(atoms.any(axis=1), 2)]
    if len(np.unique(sides, axis=0)) < len(sides):
        raise step.refuse("transform_algorithm", "rounding decides which of two equal atoms it chooses", "drop one")
    count = estimator.transform_n_nonzero_coefs
    count = int(min(max(atoms.shape[1] / 10, 1), len(atoms)) if count is None else count)
    if count > len(atoms):
        raise step.refuse("transform_n_nonzero_coefs", f"there are {len(atoms)} atoms", "use as many at most")
    return ops.MatchingPursuit(product(x, atoms, 0.0), Parameter.of(atoms @ atoms.T), count)
