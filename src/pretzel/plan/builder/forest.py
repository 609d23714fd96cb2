"""Arrays of one tree each, concatenated for the operator that computes all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.errors import DefinitionError
from pretzel.plan.parameter import Parameter

ARRAYS = ("feature", "threshold", "left", "right", "value")


def ensemble(trees: Sequence[Mapping[str, Any]], base: Any = 0.0, group: Any = None) -> dict[str, Any]:
    """Return the parameters of a :class:`~pretzel.plan.ops.TreeEnsemble`, with children after their parents.

    Raises:
        DefinitionError: an array is missing or has another length, or the nodes are not a tree; the message names the
            tree.
    """
    if not len(trees):
        raise DefinitionError("expected at least one tree, got none")
    read = [_read(number, tree) for number, tree in enumerate(trees)]
    sizes = [len(tree["left"]) for tree in read]
    starts = np.cumsum([0, *sizes[:-1]])
    whole = {name: np.concatenate([tree[name] for tree in read]) for name in read[0]}
    leaf = whole["left"] < 0
    shift = np.repeat(starts, sizes)
    row_of_leaf = np.cumsum(leaf) - 1
    leaves = whole["value"][leaf]
    columns = (int(np.max(group)) + 1,) if group is not None else leaves.shape[1:] or (1,)
    arrays = {
        "roots": starts.astype(np.int32),
        "feature": np.where(leaf, 0, whole["feature"]).astype(np.int32),
        "threshold": np.where(leaf, 0, whole["threshold"]).astype(whole["threshold"].dtype),
        "left": np.where(leaf, -1, whole["left"] + shift).astype(np.int32),
        "right": np.where(leaf, row_of_leaf, whole["right"] + shift).astype(np.int32),
        "missing_left": whole["missing_left"] & ~leaf,
        "leaves": leaves,
        "base": np.broadcast_to(np.asarray(base, leaves.dtype), columns),
    }
    if group is not None:
        arrays["group"] = np.asarray(group, np.int32)
    return {name: Parameter.of(values) for name, values in arrays.items()}


def _read(number: int, tree: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of one tree, its nodes in an order from the root."""
    missing = [name for name in ARRAYS if name not in tree]
    if missing:
        raise DefinitionError(f"tree {number}: {missing[0]!r} is missing; expected {', '.join(ARRAYS)}")
    arrays = {name: np.asarray(tree[name]) for name in ARRAYS}
    count = len(arrays["left"])
    arrays["missing_left"] = np.asarray(tree.get("missing_left", np.zeros(count, bool)), bool)
    for name, values in arrays.items():
        if len(values) != count:
            raise DefinitionError(f"tree {number}: {name!r} has {len(values)} entries, 'left' {count}")
    for name in ("threshold", "value"):
        arrays[name] = arrays[name] if arrays[name].dtype == np.float32 else arrays[name].astype(np.float64)
    order = _order(number, arrays["left"], arrays["right"])
    place = np.zeros(count, np.int64)
    place[order] = np.arange(len(order))
    arranged = {name: values[order] for name, values in arrays.items()}
    inner = arranged["left"] >= 0
    for side in ("left", "right"):
        arranged[side] = np.where(inner, place[np.where(inner, arranged[side], 0)], -1)
    return arranged


def _order(number: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the nodes that are reachable from the root, level by level."""
    order, level, seen = [], [0], {0}
    while level:
        order += level
        children = [int(side[node]) for node in level if left[node] >= 0 for side in (left, right)]
        wrong = [child for child in children if not 0 <= child < len(left) or child in seen]
        seen.update(children)
        if wrong or len(seen) < len(order) + len(children):
            odd = wrong[0] if wrong else children[0]
            raise DefinitionError(f"tree {number}: child {odd} is not a node of {len(left)}, or has two parents")
        level = children
    return np.array(order, np.int64)
