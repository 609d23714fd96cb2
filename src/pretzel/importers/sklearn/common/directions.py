"""Estimators that divide by deviations, and make results of rounding errors if a deviation is one."""

from __future__ import annotations

from typing import Any

import numpy as np

LEAST = 1e7
"""The ratio of two deviations whose squares differ as much as the largest and its rounding error."""


def amplifies(weights: Any, sizes: Any, rounded: bool) -> float:
    """Return how large the terms of results of unit deviation are, one result per row of weights.

    ``sizes``: of the features; ``rounded``: the features are sums of terms as large as the largest of them.
    """
    weights, sizes = np.abs(np.asarray(weights, np.float64)), np.abs(np.asarray(sizes, np.float64))
    if not weights.size:
        return 0.0
    with np.errstate(all="ignore"):
        terms = weights @ np.full_like(sizes, sizes.max(initial=0.0)) if rounded else weights @ sizes
    return float(np.nanmax(terms))


def divides_rounded(sizes: Any, scales: Any, rounded: bool) -> float:
    """Return by how much the largest of rounded features exceeds the scale that one is divided by; 0 for others."""
    scales = np.asarray(scales, np.float64)
    present = scales[np.isfinite(scales) & (scales > 0)]
    return float(np.nanmax(sizes) / present.min()) if rounded and present.size > 0 else 0.0
