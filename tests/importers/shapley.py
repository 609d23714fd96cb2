"""Shapley values by their definition: every set of features, each tree's mean if a feature is unknown."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from pretzel.importers.forest import Trees


def values(trees: list[Trees], goes_left: Any, width: int) -> np.ndarray:
    """Return the value of each feature in the sum of the trees; ``goes_left(tree, node)`` decides the branch."""
    phi = np.zeros(width)
    for i in range(width):
        others = [j for j in range(width) if j != i]
        for size in range(width):
            weight = factorial(size) * factorial(width - size - 1) / factorial(width)
            for known in map(set, combinations(others, size)):
                phi[i] += weight * sum(
                    _mean(tree, goes_left, known | {i}, 0) - _mean(tree, goes_left, known, 0) for tree in trees
                )
    return phi


def _mean(tree: Trees, goes_left: Any, known: set[int], at: int) -> float:
    left, right = int(tree.left[at]), int(tree.right[at])
    if left < 0:
        return float(tree.leaves[at])
    if int(tree.feature[at]) in known:
        return _mean(tree, goes_left, known, left if goes_left(tree, at) else right)
    assert tree.cover is not None
    cover = tree.cover.astype(np.float64)
    below = cover[left] * _mean(tree, goes_left, known, left) + cover[right] * _mean(tree, goes_left, known, right)
    return float(below / cover[at])
