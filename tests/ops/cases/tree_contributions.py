"""TreeContributions: the forests of the TreeEnsemble cases with covers, features of several columns, and pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases.tree_ensemble import TYPES, Forest, categories, odd_values

OPERATOR = ops.TreeContributions
TOLERANCE = 1e-12


@st.composite
def strategy(draw: st.DrawFn) -> tuple[ops.TreeContributions, dict[str, Any]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x_type, leaf_type, cover_type = (TYPES[draw(st.sampled_from(sorted(TYPES)))] for _ in range(3))
    columns, trees = draw(st.integers(1, 6)), draw(st.sampled_from([0, 1, 2, 5]))
    forest = Forest(rng, columns, draw(st.sampled_from([0, 1, 3, 5])), draw(st.booleans()))
    roots = [forest.grow(0) for _ in range(trees)]
    outputs, many = draw(st.integers(1, 3)), draw(st.booleans())
    width = draw(st.integers(1, 6))
    mapped = width < columns or draw(st.booleans())
    node = ops.TreeContributions(
        ops.Input("x", f"{'f32' if x_type is np.float32 else 'f64'}[{columns}]"),
        roots=Parameter.of(np.array(roots, np.int32)),
        feature=Parameter.of(np.array(forest.feature, np.int32)),
        threshold=Parameter.of(odd_values(rng, len(forest.feature), x_type)),
        left=Parameter.of(np.array(forest.left, np.int32)),
        right=Parameter.of(np.array(forest.right, np.int32)),
        missing_left=Parameter.of(rng.random(len(forest.feature)) < 0.5),
        leaves=Parameter.of(rng.standard_normal((forest.leaves, outputs) if many else forest.leaves).astype(leaf_type)),
        cover=Parameter.of(_cover(rng, forest).astype(cover_type)),
        bias=Parameter.of(rng.standard_normal(outputs).astype(leaf_type)),
        width=width,
        features=Parameter.of(rng.integers(0, width, columns).astype(np.int32)) if mapped else None,
        group=None if many else Parameter.of(rng.integers(0, outputs, trees).astype(np.int32)),
        aggregate=draw(st.sampled_from(["sum", "mean"])),
        strict=draw(st.booleans()),
        interactions=draw(st.booleans()),
        **(categories(rng, forest) if draw(st.booleans()) else {}),
    )
    x = odd_values(rng, draw(st.integers(1, 20)) * columns, x_type, missing=draw(st.sampled_from([0.0, 0.2])))
    return node, {"x": x.reshape(-1, columns)}


def scale(node: ops.TreeContributions, columns: dict[str, Any]) -> np.ndarray:
    """Return the scale of contributions: the sum of the magnitudes of all leaves, which bounds each of them."""
    whole = float(np.abs(node.leaves.array.astype(np.float64)).sum() + np.abs(node.bias.array).max(initial=0.0))
    rounding = 1.0 if node.leaves.dtype == "f64" else 1e6
    return np.full((len(columns["x"]), node.type.columns), (whole + 1.0) * rounding)


def _cover(rng: np.random.Generator, forest: Forest) -> np.ndarray:
    """Return weights that add up from the leaves, some of which are 0."""
    cover = np.where(rng.random(len(forest.left)) < 0.05, 0.0, rng.integers(1, 50, len(forest.left)))
    for at in reversed(range(len(cover))):
        if forest.left[at] >= 0:
            cover[at] = max(cover[forest.left[at]] + cover[forest.right[at]], 1.0)
    return cover
