"""Hypothesis strategies for random trees, written in LightGBM's text format."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

FEATURES = 3
ZERO = float(np.float32(1e-35))
THRESHOLDS = [0.0, -0.0, ZERO, -ZERO, ZERO / 2, -ZERO / 2, 5e-324, -5e-324, 1.5, -1.5, 1e300, -np.inf, np.inf]
NEIGHBOURS = [np.nextafter(value, way) for value in (ZERO, -ZERO, 1.5, -1.5) for way in (-9.0, 9.0)]
VALUES = [*THRESHOLDS, *NEIGHBOURS, np.nan, 2.0, 2.7, 31.0, 32.0, 33.9, -0.5, -1.0, 1e10, -1e10, 2.0**31, 2.0**40]
NUMERIC = [missing << 2 | default for missing in (0, 1, 2) for default in (0, 2)]


@st.composite
def trees(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Return the lines of a tree, grown as by LightGBM: each split of a leaf appends its right half as a new leaf."""
    leaves, parent_of = draw(st.integers(1, 7)), [-1]
    left: list[int] = []
    right: list[int] = []
    for node in range(leaves - 1):
        leaf = draw(st.integers(0, node))
        parent = parent_of[leaf]
        if parent >= 0:
            side = left if left[parent] == ~leaf else right
            side[parent] = node
        left.append(~leaf)
        right.append(~(node + 1))
        parent_of[leaf] = node
        parent_of.append(node)
    kinds = draw(st.lists(st.sampled_from([*NUMERIC, 1]), min_size=leaves - 1, max_size=leaves - 1))
    sets = [draw(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=2)) for kind in kinds if kind == 1]
    thresholds = [draw(st.sampled_from(THRESHOLDS)) for _ in kinds]
    places = iter(range(len(sets)))
    return {
        "num_leaves": [leaves],
        "num_cat": [len(sets)],
        "split_feature": [draw(st.integers(0, FEATURES - 1)) for _ in kinds],
        "threshold": [next(places) if kind == 1 else t for kind, t in zip(kinds, thresholds, strict=True)],
        "decision_type": kinds,
        "left_child": left,
        "right_child": right,
        "leaf_value": [draw(st.floats(-1e6, 1e6)) for _ in range(leaves)],
        **(
            {"cat_boundaries": np.cumsum([0, *map(len, sets)]).tolist(), "cat_threshold": sum(sets, [])} if sets else {}
        ),
        "is_linear": [0],
        "shrinkage": [1],
    }


def text_of(grown: list[dict[str, list[Any]]], objective: str = "objective=regression") -> str:
    """Return the text of a model with these trees, one value per row."""
    blocks = [
        f"Tree={i}\n" + "\n".join(f"{key}={' '.join(map(_written, values))}" for key, values in tree.items()) + "\n\n\n"
        for i, tree in enumerate(grown)
    ]
    head = f"""tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx={FEATURES - 1}
{objective}
feature_names={" ".join(f"Column_{i}" for i in range(FEATURES))}
feature_infos={" ".join(["[-1:1]"] * FEATURES)}
tree_sizes={" ".join(str(len(block)) for block in blocks)}

"""
    return f"{head}{''.join(blocks)}end of trees\n\nparameters:\nend of parameters\n\npandas_categorical:[]\n"


def _written(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) else str(value)
