"""Hypothesis strategies for random trees, written as XGBoost's JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import strategies as st

FEATURES = 3
TINY = float(np.float32(1e-45))
THRESHOLDS = [0.0, -0.0, TINY, -TINY, 1.5, -1.5, 3e38, float(np.float32(0.1))]
NEIGHBOURS = [float(np.nextafter(np.float32(value), np.float32(way))) for value in (1.5, -1.5, 0.1) for way in (-9, 9)]
VALUES = [
    *THRESHOLDS,
    *NEIGHBOURS,
    0.1,
    1.4999999999,
    1e-46,
    np.nan,
    2.7,
    31.0,
    32.0,
    33.9,
    -0.5,
    -1.0,
    -7.0,
    1e10,
    2.0**24,
]
"""Some are between two float32 numbers."""


@st.composite
def trees(draw: st.DrawFn, categorical: bool, weights: bool = False) -> dict[str, Any]:
    """Return a tree whose leaves are split in random order, so that nodes are not sorted by depth.

    ``weights``: leaves are two numbers each.
    """
    left, right, leaves = [-1], [-1], [0]
    for _ in range(draw(st.integers(0, 6))):
        node = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        left[node], right[node] = len(left), len(left) + 1
        leaves += [len(left), len(left) + 1]
        left += [-1, -1]
        right += [-1, -1]
    count = len(left)
    kinds = [int(categorical and left[i] >= 0 and draw(st.booleans())) for i in range(count)]
    sets = [draw(st.lists(st.integers(0, 70), min_size=1, max_size=4, unique=True)) for kind in kinds if kind]
    values = st.floats(-1e3, 1e3, width=32)
    conditions = [draw(values if left[i] < 0 else st.sampled_from(THRESHOLDS)) for i in range(count)]
    if weights:
        right = [leaves.index(i) if left[i] < 0 else right[i] for i in range(count)]
    return {
        "base_weights": [0.0] * count * (2 if weights else 1),
        "categories": [category for one in sets for category in sorted(one)],
        "categories_nodes": [i for i, kind in enumerate(kinds) if kind],
        "categories_segments": np.cumsum([0, *map(len, sets)]).tolist()[: len(sets)],
        "categories_sizes": [len(one) for one in sets],
        "default_left": [int(draw(st.booleans())) for _ in range(count)],
        "id": 0,
        "left_children": left,
        "loss_changes": [0.0] * count,
        "parents": _parents(left, right),
        "right_children": right,
        "split_conditions": conditions,
        "split_indices": [draw(st.integers(0, FEATURES - 1)) if left[i] >= 0 else 0 for i in range(count)],
        "split_type": kinds,
        "sum_hessian": [1.0] * count,
        **({"leaf_weights": [draw(values) for _ in range(2 * len(leaves))]} if weights else {}),
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(FEATURES),
            "num_nodes": str(count),
            "size_leaf_vector": "2" if weights else "1",
        },
    }


def document_of(grown: list[dict[str, Any]], group: list[int], outputs: int, drop: list[float] | None = None) -> bytes:
    """Return the JSON of a model with these trees; ``drop`` are the weights of DART."""
    model = {
        "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(grown))},
        "iteration_indptr": [0, len(grown)],
        "tree_info": group,
        "trees": [tree | {"id": i} for i, tree in enumerate(grown)],
    }
    booster: dict[str, Any] = {"model": model, "name": "gbtree"}
    if drop is not None:
        booster = {"gbtree": booster, "name": "dart", "weight_drop": drop}
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": booster,
        "learner_model_param": {
            "base_score": "[" + ",".join(["3E-1", "-7.1E0", "2E0"][:outputs]) + "]",
            "boost_from_average": "1",
            "num_class": "0",
            "num_feature": str(FEATURES),
            "num_target": str(outputs),
        },
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return json.dumps({"learner": learner, "version": [3, 2, 0]}).encode()


def _parents(left: list[int], right: list[int]) -> list[int]:
    parents = [2147483647] * len(left)
    for node, child in enumerate(left):
        if child >= 0:
            parents[child] = parents[right[node]] = node
    return parents
