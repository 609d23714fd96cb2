"""TreeEnsemble: ties at thresholds, special values, single leaves, chains, categories, classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter

OPERATOR = ops.TreeEnsemble
TYPES = {"f32": np.float32, "f64": np.float64}
# Values equal to thresholds, and values that round to neighbours in the other width.
ODD = [0.0, -0.0, 1.0, 0.1, np.float64(np.float32(0.1)), 2.5, 31.0, 32.0, 63.9, -0.5, -1.0, 16777217.0, 1e300, -1e300]
ODD += [5e-324, -5e-324, 1e-45, np.inf, -np.inf, 3.4028234663852886e38]


@st.composite
def strategy(draw: st.DrawFn) -> tuple[ops.TreeEnsemble, dict[str, Any]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x_type, t_type, leaf_type = (draw(st.sampled_from(sorted(TYPES))) for _ in range(3))
    width, trees = draw(st.integers(1, 40)), draw(st.sampled_from([0, 1, 2, 8, 9, 30]))
    forest = Forest(rng, width, draw(st.sampled_from([0, 1, 3, 7])), draw(st.booleans()))
    roots = [forest.grow(0) for _ in range(trees)]
    classes, multi = draw(st.integers(1, 3)), draw(st.booleans())
    many = multi and draw(st.booleans())
    shape = (forest.leaves, classes) if many else (forest.leaves,)
    columns = classes if multi else 1
    aggregate = draw(st.sampled_from(["sum", "mean", "each"]))
    if aggregate == "each":
        leaf_type, shape, columns, multi = "i32", (forest.leaves,), 1, False
    node = ops.TreeEnsemble(
        ops.Input("x", f"{x_type}[{width}]"),
        roots=Parameter.of(np.array(roots, np.int32)),
        feature=Parameter.of(np.array(forest.feature, np.int32)),
        threshold=Parameter.of(odd_values(rng, len(forest.feature), TYPES[t_type])),
        left=Parameter.of(np.array(forest.left, np.int32)),
        right=Parameter.of(np.array(forest.right, np.int32)),
        missing_left=Parameter.of(rng.random(len(forest.feature)) < 0.5),
        leaves=Parameter.of(_leaf_values(rng, shape, leaf_type)),
        base=Parameter.of(_leaf_values(rng, (columns,), leaf_type) * (aggregate != "each")),
        group=Parameter.of(rng.integers(0, columns, trees).astype(np.int32)) if multi and not many else None,
        aggregate=aggregate,
        strict=draw(st.booleans()),
        **(categories(rng, forest) if draw(st.booleans()) else {}),
    )
    x = odd_values(rng, draw(st.integers(1, 40)) * width, TYPES[x_type], missing=draw(st.sampled_from([0.0, 0.2])))
    return node, {"x": x.reshape(-1, width)}


class Forest:
    """Random trees, children after parents."""

    def __init__(self, rng: np.random.Generator, width: int, depth: int, chain: bool) -> None:
        self.rng, self.width, self.depth, self.chain = rng, width, depth, chain
        self.feature: list[int] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.leaves = 1

    def grow(self, level: int, stop: bool = False) -> int:
        at = len(self.feature)
        self.feature.append(int(self.rng.integers(self.width)))
        self.left.append(-1)
        self.right.append(int(self.rng.integers(self.leaves)))
        self.leaves += 1
        if level < self.depth and not stop and self.rng.random() < 0.8:
            self.left[at] = self.grow(level + 1, self.chain)
            self.right[at] = self.grow(level + 1)
        return at


def _leaf_values(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    if dtype == "i32":
        return rng.integers(-(2**31), 2**31, shape, dtype=np.int32)
    return rng.standard_normal(shape).astype(TYPES[dtype])


def odd_values(rng: np.random.Generator, count: int, dtype: Any, missing: float = 0.02) -> np.ndarray:
    values = np.where(rng.random(count) < 0.7, rng.choice(ODD, count), rng.integers(-2, 70, count))
    with np.errstate(over="ignore"):
        return np.where(rng.random(count) < missing, np.nan, values).astype(dtype)


def categories(rng: np.random.Generator, forest: Forest) -> dict[str, Parameter]:
    words, nodes = 8, len(forest.feature)
    count = np.where(rng.random(nodes) < 0.5, rng.integers(0, 4, nodes), 0)
    ranges = np.column_stack([rng.integers(0, words - count + 1), count]).astype(np.int32).reshape(-1, 2)
    sets = rng.integers(0, 2**32, words, dtype=np.uint32)
    return {"categories": Parameter.of(sets), "category_range": Parameter.of(ranges)}
