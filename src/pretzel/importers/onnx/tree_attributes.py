"""Read and check the attributes in which ONNX stores tree ensembles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretzel.importers.onnx.forest import MEMBER, MODES, Trees
from pretzel.importers.onnx.registry import Site
from pretzel.importers.onnx.values import Rows


@dataclass(frozen=True)
class Weights:
    """The values of leaves: leaf ``leaf[i]`` adds ``value[i]`` to target ``target[i]``."""

    leaf: np.ndarray
    target: np.ndarray
    value: np.ndarray
    leaves: int
    tree: np.ndarray
    """The tree of each leaf; -1 if several trees share it."""


def read_lists(site: Site, x: Rows, kind: str) -> tuple[Trees, Weights]:
    """Read the attributes of opset 1 to 4: lists with one entry per node, and with one entry per weight."""
    site.without_effect("nodes_hitrates", "nodes_hitrates_as_tensor")
    tree, mode = _whole(site, "nodes_treeids"), _modes(site)
    index = _index(tree, _whole(site, "nodes_nodeids"))
    branches = [_targets(site, f"nodes_{side}nodeids", tree, mode, index) for side in ("true", "false")]
    missing = site.integers("nodes_missing_value_tracks_true")
    inner, leaf = np.flatnonzero(mode >= 0), np.flatnonzero(mode < 0)
    place = np.zeros(len(mode), np.int64)
    place[inner], place[leaf] = np.arange(len(inner)), -1 - np.arange(len(leaf))
    names, roots = _root_nodes(tree, mode, branches)
    trees = Trees(
        roots=place[roots],
        mode=mode[inner],
        feature=_whole(site, "nodes_featureids", len(mode))[inner],
        threshold=_numbers(site, "nodes_values", x, len(mode))[inner],
        true=place[branches[0][inner]],
        false=place[branches[1][inner]],
        missing_true=np.zeros(len(inner), bool) if missing is None else missing[inner] != 0,
        members={},
    )
    return trees, _weights(site, kind, index, place, np.searchsorted(names, tree[leaf]), len(leaf))


def _index(tree: np.ndarray, node: np.ndarray) -> dict[tuple[int, int], int]:
    """Return the position of each node in the lists, by tree id and node id."""
    index = {key: i for i, key in enumerate(zip(tree.tolist(), node.tolist(), strict=True))}
    if len(index) < len(tree):
        raise ValueError("two of its nodes have the same id")
    return index


def _modes(site: Site) -> np.ndarray:
    """Return the comparison of each node, as a position in ``MODES``; -1 at leaves."""
    modes = [str(mode) for mode in site.attribute("nodes_modes", [])]
    unknown = sorted(set(modes) - {*MODES[:6], "LEAF"})
    if unknown:
        raise ValueError(f"its mode is {unknown[0][:40]!r}; expected one of {', '.join(MODES[:6])}")
    return np.array([MODES.index(name) if name != "LEAF" else -1 for name in modes], np.int64)


def _whole(site: Site, name: str, length: int | None = None) -> np.ndarray:
    values = site.integers(name)
    if values is None or (length is not None and len(values) != length):
        raise ValueError(f"{name}: {0 if values is None else len(values)} entries")
    return values


def _numbers(site: Site, name: str, x: Rows, length: int) -> np.ndarray:
    """Return thresholds in the type of the comparison: the wider of their type and that of x."""
    values = site.floats(name)
    if values is None or len(values) != length:
        raise ValueError(f"{name}: {0 if values is None else len(values)} entries for {length} nodes")
    return values.astype(np.result_type(values.dtype, x.node.type.numpy))


def _targets(
    site: Site, name: str, tree: np.ndarray, mode: np.ndarray, index: dict[tuple[int, int], int]
) -> np.ndarray:
    """Return the positions of the branches of each node in the lists."""
    ids = _whole(site, name, len(mode))
    positions = [
        index[at, child] if kind >= 0 else -1
        for at, child, kind in zip(tree.tolist(), ids.tolist(), mode.tolist(), strict=True)
    ]
    return np.array(positions, np.int64)


def _root_nodes(tree: np.ndarray, mode: np.ndarray, branches: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of the trees, ascending, and the root of each: the node that is not a branch."""
    child = np.zeros(len(tree), bool)
    for branch in branches:
        child[branch[mode >= 0]] = True
    tops = np.flatnonzero(~child)
    names, first = np.unique(tree[tops], return_index=True)
    if len(names) < len(np.unique(tree)) or len(names) < len(tops):
        raise ValueError("a tree has no root, or several: its nodes form a cycle, or are not connected")
    return names, tops[first]


def _weights(
    site: Site, kind: str, index: dict[tuple[int, int], int], place: np.ndarray, tree: np.ndarray, leaves: int
) -> Weights:
    trees, nodes = (_whole(site, f"{kind}_{name}").tolist() for name in ("treeids", "nodeids"))
    targets, values = _whole(site, f"{kind}_ids", len(trees)), site.floats(f"{kind}_weights")
    if values is None or len(values) != len(trees):
        raise ValueError(f"{kind}_weights: {0 if values is None else len(values)} entries for {len(trees)} targets")
    at = np.array([place[index[key]] for key in zip(trees, nodes, strict=True)], np.int64)
    if (at >= 0).any():
        raise ValueError("an inner node has a weight")
    return Weights(-1 - at, targets, values, leaves, tree)


def read_ensemble(site: Site, x: Rows) -> tuple[Trees, Weights]:
    """Read the attributes of opset 5: nodes and leaves in separate lists."""
    site.without_effect("nodes_hitrates")
    modes = np.ravel(site.attribute("nodes_modes", ())).astype(np.int64)
    count = len(modes)
    true, false = (_branch(site, side, count) for side in ("true", "false"))
    missing = site.integers("nodes_missing_value_tracks_true")
    roots = _whole(site, "tree_roots")
    if len(roots) and not 0 <= roots.min() <= roots.max() < count:
        raise ValueError(f"tree_roots: {roots.max()} of {count} nodes")
    alone = (true[roots] < 0) & (true[roots] == false[roots])  # a tree of one leaf
    trees = Trees(
        roots=np.where(alone, true[roots], roots),
        mode=modes,
        feature=_whole(site, "nodes_featureids", count),
        threshold=_numbers(site, "nodes_splits", x, count),
        true=true,
        false=false,
        missing_true=np.zeros(count, bool) if missing is None else missing != 0,
        members=_members(site, modes),
    )
    values, targets = site.floats("leaf_weights"), _whole(site, "leaf_targetids")
    if values is None or len(values) != len(targets):
        raise ValueError("leaf_weights and leaf_targetids are of different lengths")
    leaves = np.arange(len(targets))
    return trees, Weights(leaves, targets, values, len(targets), _trees_of_leaves(trees, len(targets)))


def _branch(site: Site, side: str, count: int) -> np.ndarray:
    """Return the positions of one branch of each node, below 0 for leaves."""
    ids, is_leaf = _whole(site, f"nodes_{side}nodeids", count), _whole(site, f"nodes_{side}leafs", count)
    if len(ids) and ids.min() < 0:
        raise ValueError(f"nodes_{side}nodeids: {ids.min()}")
    return np.where(is_leaf != 0, -1 - ids, ids)


def _members(site: Site, modes: np.ndarray) -> dict[int, tuple[float, ...]]:
    """Return the sets of membership nodes: lists in node order, each ended by a NaN."""
    values = site.attribute("membership_values")
    if values is None:
        return {}
    ends = np.flatnonzero(np.isnan(values))
    nodes = np.flatnonzero(modes == MEMBER)
    if len(ends) != len(nodes):
        raise ValueError(f"{len(ends)} sets for {len(nodes)} nodes")
    parts = np.split(np.ravel(values), ends + 1)
    return {int(node): tuple(map(float, part[:-1])) for node, part in zip(nodes, parts, strict=False)}


def _trees_of_leaves(trees: Trees, leaves: int) -> np.ndarray:
    """Return the tree of each leaf; -1 if several trees share it."""
    tree, met = np.zeros(leaves, np.int64), np.zeros(leaves, bool)
    seen: set[int] = set()
    for at, root in enumerate(trees.roots.tolist()):
        stack = [root]
        while stack:
            node = stack.pop()
            if node < 0:
                tree[-1 - node] = -1 if met[-1 - node] and tree[-1 - node] != at else at
                met[-1 - node] = True
            elif node not in seen and node < len(trees.mode):
                seen.add(node)
                stack += [int(trees.true[node]), int(trees.false[node])]
    return tree
