"""Read LightGBM's text format: a header, one block per tree, the parameters, and the categories of pandas columns.

Every line is ``key=value``.  ``TREE`` and the getters below list the keys that are read and their types; other keys are
skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.importers.lightgbm.model import Model, Tree

VERSIONS = ("v2", "v3", "v4")
TREE = {
    "split_feature": (np.int32, "inner"),
    "threshold": (np.float64, "inner"),
    "decision_type": (np.int32, "inner"),
    "left_child": (np.int32, "inner"),
    "right_child": (np.int32, "inner"),
    "leaf_value": (np.float64, "leaves"),
    "cat_boundaries": (np.int64, "sets"),
    "cat_threshold": (np.uint32, "words"),
}
"""Keys of a tree: the type of the numbers, and their count."""
END = "end of trees"

Lines = Mapping[str, str]


def read_text(text: str) -> Model:
    """Return the model in a text.

    Raises:
        InputError: it is truncated, or a line does not hold what its key requires.
    """
    trees, rest = _whole(text)
    header, *blocks = map(_lines, re.split(r"\nTree=\d+\r?\n", trees))
    names = _feature_names(header)
    name, *options = _text(header, "objective", "").split() or [""]
    return Model(
        text=text,
        version=_version(header),
        objective="" if name == "custom" else name,
        options=dict(option.partition(":")[::2] for option in options),
        trees_per_iteration=_trees_per_iteration(header, len(blocks)),
        average="average_output" in header,
        feature_names=names,
        trees=tuple(_tree(i, block, len(names)) for i, block in enumerate(blocks)),
        linear=any(block.get("is_linear", "0").strip() != "0" for block in blocks),
        categorical=_categorical(rest, len(names)),
        feature_infos=tuple(_text(header, "feature_infos", "").split()),
        pandas_categories=_pandas_categories(rest),
    )


def _whole(text: str) -> tuple[str, str]:
    """Split a text at the end of its trees, after checking that both of its end markers are present."""
    trees, end, rest = text.partition(f"\n{END}")
    if not end:
        raise InputError(f"it ends before the line {END!r}: the file is truncated")
    if "\nparameters:" in rest and "\nend of parameters" not in rest:
        raise InputError("it ends before the line 'end of parameters': the file is truncated")
    return trees, rest


def _feature_names(header: Lines) -> tuple[str, ...]:
    features = _number(header, "max_feature_idx") + 1
    names = tuple(name for name in _text(header, "feature_names").split(" ") if name)
    if len(names) != features:
        raise InputError(f"feature_names: expected {features} names, got {len(names)}")
    return names


def _trees_per_iteration(header: Lines, trees: int) -> int:
    per_iteration = _number(header, "num_tree_per_iteration")
    if not per_iteration or trees % per_iteration:
        raise InputError(f"num_tree_per_iteration: {per_iteration} does not divide {trees} trees")
    return per_iteration


def _lines(block: str) -> dict[str, str]:
    """Return the value of each key, not stripped: feature names may begin or end with white space."""
    return {key: value for key, _, value in (line.partition("=") for line in _split(block))}


def _split(text: str) -> list[str]:
    """Split a text into lines as LightGBM does: ``splitlines`` would also split at characters within names."""
    return re.split(r"[\r\n]+", text)


def _text(lines: Lines, key: str, default: str | None = None) -> str:
    value = lines.get(key, default)
    if value is None:
        raise InputError(f"{key}: the line is missing")
    return value


def _number(lines: Lines, key: str, default: str | None = None) -> int:
    value = _text(lines, key, default).strip()
    if not re.fullmatch(r"\d{1,9}", value):
        raise InputError(f"{key}: expected a number, got {value!r:.40}")
    return int(value)


def _version(header: Lines) -> str:
    version = _text(header, "version").strip()
    if version not in VERSIONS:
        raise InputError(f"version: expected one of {', '.join(VERSIONS)}, got {version!r:.40}")
    return version


def _tree(index: int, block: Lines, features: int) -> Tree:
    try:
        leaves, sets = _number(block, "num_leaves"), _number(block, "num_cat", "0")
        counts = {"inner": leaves - 1, "leaves": leaves, "sets": sets + 1 if sets else 0, "words": None}
        arrays = {key: _array(block, key, dtype, counts[count]) for key, (dtype, count) in TREE.items()}
        arrays |= {"internal_count": _covers(block, "internal_count", leaves - 1)}
        arrays |= {"leaf_count": _covers(block, "leaf_count", leaves)}
        tree = Tree(**arrays)
        _check(tree, features, sets)
    except InputError as error:
        raise InputError(f"tree {index}: {error}") from None
    return tree


def _array(block: Lines, key: str, dtype: Any, count: int | None) -> np.ndarray:
    words = block.get(key, "").split()
    if count is not None and len(words) != count:
        raise InputError(f"{key}: expected {count} numbers, got {len(words)}")
    try:
        return np.array(list(map(float if dtype is np.float64 else int, words)), dtype)
    except (ValueError, OverflowError):
        raise InputError(f"{key}: expected numbers of type {np.dtype(dtype).name}") from None


def _covers(block: Lines, key: str, count: int) -> np.ndarray:
    """Return counts, which predictions do not need; empty if they are missing or of the wrong number."""
    counts = _array(block, key, np.float64, None)
    return counts if len(counts) == count else counts[:0]


def _check(tree: Tree, features: int, sets: int) -> None:
    leaves = len(tree.leaf_value)
    if not leaves:
        raise InputError("num_leaves: expected at least one")
    for key in ("left_child", "right_child"):
        child = getattr(tree, key)
        if ((child >= leaves - 1) | (child < -leaves)).any():
            raise InputError(f"{key}: expected -{leaves}..{leaves - 2}")
    if ((tree.split_feature < 0) | (tree.split_feature >= features)).any():
        raise InputError(f"split_feature: expected 0..{features - 1}")
    bounds = tree.cat_boundaries
    if sets and (bounds[0] != 0 or (np.diff(bounds) < 1).any() or bounds[-1] != len(tree.cat_threshold)):
        raise InputError(f"cat_boundaries: expected to rise from 0 to {len(tree.cat_threshold)}")
    chosen = tree.threshold[(tree.decision_type & 1).astype(bool)]
    if not ((chosen >= 0) & (chosen < max(sets, 0))).all():
        raise InputError(f"threshold: a categorical node names none of the {sets} sets")


def _categorical(rest: str, features: int) -> tuple[int, ...]:
    match = re.search(r"^\[categorical_feature: ([\d,]*)\]\r?$", rest, re.MULTILINE)
    columns = [int(word) for word in match[1].split(",") if len(word) < 10 and word] if match else []
    return tuple(sorted({column for column in columns if column < features}))


def _pandas_categories(rest: str) -> tuple[tuple[Any, ...], ...]:
    for line in _after("pandas_categorical:", rest):
        try:
            lists = json.loads(line) or []
        except (ValueError, RecursionError):
            raise InputError("pandas_categorical: expected lists of categories") from None
        if not isinstance(lists, list) or not all(isinstance(one, list) for one in lists):
            raise InputError("pandas_categorical: expected lists of categories")
        return tuple(tuple(one) for one in lists)
    return ()


def _after(key: str, text: str) -> Iterator[str]:
    yield from (line[len(key) :] for line in _split(text) if line.startswith(key))
