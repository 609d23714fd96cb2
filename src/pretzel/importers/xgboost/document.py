"""Read the document that XGBoost writes as JSON or UBJSON: a learner with its objective, booster and trees.

``TREE`` and the getters below list the keys that are read and their types; other keys are skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.importers.xgboost.model import Model, Tree
from pretzel.importers.xgboost.recognized import is_ubjson
from pretzel.importers.xgboost.ubjson import decode

NEWEST = 3
"""The newest major version whose documents are supported."""
TREE = {
    "left_children": np.int32,
    "right_children": np.int32,
    "split_indices": np.int64,
    "split_conditions": np.float32,
    "default_left": np.int8,
}
"""Keys of a tree: arrays of one value per node."""
CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
MOST_CATEGORIES = 1 << 28
"""Limit on the bits of all category sets of a model: a few digits in a file could request gigabytes."""


def read_document(data: bytes) -> Model:
    """Return the model in the bytes of a file.

    Raises:
        InputError: they are truncated, or a value is not what its key requires.
    """
    document = decode(data) if is_ubjson(data) else _json(data)
    version = _version(document)
    learner = _object(document, "learner")
    parameters = _object(learner, "learner_model_param")
    features, outputs = _count(parameters, "num_feature"), _outputs(parameters)
    return Model(
        data=data,
        version=version,
        objective=_text(_object(learner, "objective"), "name"),
        outputs=outputs,
        base_score=_base_score(parameters, outputs),
        features=features,
        feature_names=_feature_names(learner, features),
        categorical=frozenset(i for i, kind in enumerate(_texts(learner, "feature_types")) if kind == "c"),
        best_iteration=_best_iteration(learner),
        **_booster(_object(learner, "gradient_booster"), features, outputs),
    )


def _version(document: Mapping[str, Any]) -> tuple[int, ...]:
    numbers = tuple(_numbers(document, "version", np.int32).tolist())
    if not numbers or not 1 <= numbers[0] <= NEWEST:
        raise InputError(f"version: expected 1 to {NEWEST}, got {'.'.join(map(str, numbers)) or 'none'}")
    return numbers


def _outputs(parameters: Mapping[str, Any]) -> int:
    """Return the number of scores per row: one for each class or target, at least one."""
    targets = _count(parameters, "num_target") if "num_target" in parameters else 1
    return max(_count(parameters, "num_class"), targets, 1)


def _booster(booster: Mapping[str, Any], features: int, outputs: int) -> dict[str, Any]:
    """Return the content of the booster: coefficients, or a forest, and for DART the weights of its trees."""
    name = _text(booster, "name")
    if name == "gblinear":
        return {"categories": {}, "coefficients": _coefficients(booster, features, outputs)}
    if name not in ("gbtree", "dart"):
        raise InputError(f"gradient_booster: expected gbtree, dart or gblinear, got {name!r:.40}")
    inner = _object(booster, "gbtree") if name == "dart" else booster
    forest = _forest(_object(inner, "model"), features, outputs, name == "dart")
    weights = _numbers(booster, "weight_drop", np.float32, len(forest["trees"])) if name == "dart" else None
    return forest | {"weights": weights}


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"it is not JSON: {error}") from None


def _forest(model: Mapping[str, Any], features: int, outputs: int, weighted: bool) -> dict[str, Any]:
    """Return the trees, the score that each adds to, and the first tree of each round."""
    listed = _list(model, "trees")
    trees = tuple(_tree(i, tree, features, outputs) for i, tree in enumerate(listed))
    shapes = {tree.leaves.shape[1:] for tree in trees}
    if len(shapes) > 1 or (weighted and shapes - {()}):
        raise InputError("trees: some leaves are single values and some are not, or not single values under DART")
    bits = sum(int(cats.max(initial=0)) + 1 for tree in trees for cats in tree.categories.values())
    if bits > MOST_CATEGORIES:
        raise InputError(f"categories: sets of {bits} bits; at most {MOST_CATEGORIES} are read")
    group = _numbers(model, "tree_info", np.int32, len(trees))
    if len(group) and not 0 <= group.min() <= group.max() < outputs:
        raise InputError(f"tree_info: expected 0..{outputs - 1}")
    return {
        "trees": trees,
        "group": tuple(group.tolist()),
        "rounds": tuple(_rounds(model, len(trees), outputs).tolist()),
        "categories": _encoded(_object(model, "cats"), features) if "cats" in model else {},
    }


def _rounds(model: Mapping[str, Any], trees: int, outputs: int) -> np.ndarray:
    if "iteration_indptr" in model:
        rounds = _numbers(model, "iteration_indptr", np.int64)
    else:  # until version 1.7
        per_round = _count(_object(model, "gbtree_model_param"), "num_parallel_tree") * outputs
        rounds = np.arange(0, trees + 1, max(per_round, 1))
    if not len(rounds) or rounds[0] != 0 or rounds[-1] != trees or (np.diff(rounds) < 0).any():
        raise InputError(f"iteration_indptr: expected to rise from 0 to {trees}")
    return rounds


def _tree(index: int, tree: Any, features: int, outputs: int) -> Tree:
    try:
        nodes = len(_numbers(tree, "left_children", np.int32))
        left, right, feature, threshold, default_left = (
            _numbers(tree, key, dtype, nodes) for key, dtype in TREE.items()
        )
        inner = left >= 0
        if not nodes or (inner & ((feature < 0) | (feature >= features))).any():
            raise InputError(f"split_indices: expected 0..{features - 1} in at least one node")
        leaves = _leaves(tree, left, right, threshold, outputs)
        sets, cover = _category_sets(tree, inner), _cover(tree, nodes)
        return Tree(left, right, feature, threshold, default_left != 0, leaves, sets, cover)
    except InputError as error:
        raise InputError(f"tree {index}: {error}") from None


def _cover(tree: Any, nodes: int) -> np.ndarray | None:
    """Return the weights of the training rows, which predictions do not need; None if their number is wrong."""
    cover = _numbers(tree, "sum_hessian", np.float32) if "sum_hessian" in tree else np.zeros(0, np.float32)
    return cover if len(cover) == nodes else None


def _leaves(tree: Any, left: np.ndarray, right: np.ndarray, threshold: np.ndarray, outputs: int) -> np.ndarray:
    """Return the value that each node would add if it were a leaf."""
    size = _count(_object(tree, "tree_param"), "size_leaf_vector")
    if size <= 1:
        return threshold
    if size != outputs:
        raise InputError(f"size_leaf_vector: expected {outputs}, got {size}")
    if "leaf_weights" not in tree:  # until version 3.1
        return _numbers(tree, "base_weights", np.float32, len(left) * size).reshape(-1, size)
    table = _numbers(tree, "leaf_weights", np.float32)
    rows = np.where(left < 0, right, 0)
    if len(table) % size or not 0 <= rows.min() <= rows.max() < len(table) // size:
        raise InputError("leaf_weights: a leaf names a missing row")
    leaves: np.ndarray = table.reshape(-1, size)[rows]
    return leaves


def _category_sets(tree: Any, inner: np.ndarray) -> dict[int, np.ndarray]:
    if "categories" not in tree:  # until version 1.4
        return {}
    categories, nodes, segments, sizes = (_numbers(tree, key, np.int64) for key in CATEGORIES)
    if not len(nodes) == len(segments) == len(sizes):
        raise InputError("categories_nodes, categories_segments, categories_sizes: expected equal lengths")
    if len(nodes) and not (0 <= nodes.min() <= nodes.max() < len(inner)):
        raise InputError(f"categories_nodes: expected 0..{len(inner) - 1}")
    ends = segments + sizes
    if len(nodes) and (min(segments.min(), sizes.min()) < 0 or ends.max() > len(categories)):
        raise InputError(f"categories_segments: a set exceeds the {len(categories)} categories")
    if len(categories) and not 0 <= categories.min() <= categories.max() < 1 << 24:
        raise InputError("categories: expected 0..16777215")
    spans = zip(nodes.tolist(), segments.tolist(), ends.tolist(), strict=True)
    return {node: categories[first:end] for node, first, end in spans if inner[node]}


def _encoded(cats: Mapping[str, Any], features: int) -> dict[int, tuple[Any, ...]]:
    """Return the categories, texts or integers, of each categorical column."""
    encoded = {}
    for i, one in enumerate(_list(cats, "enc")[:features]):
        if not isinstance(one, Mapping):
            raise InputError(f"enc: expected objects, got {type(one).__name__}")
        if "type" in one:
            encoded[i] = tuple(_numbers(one, "values", np.int64).tolist())
        elif len(_numbers(one, "offsets", np.int64)):
            encoded[i] = _split(one)
    return encoded


def _split(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Return categories as recorded: correct only in ASCII, because XGBoost counts characters and writes bytes."""
    offsets = _numbers(one, "offsets", np.int64)
    text = (_numbers(one, "values", np.int64) & 0xFF).astype(np.uint8).tobytes()
    if offsets[0] != 0 or offsets[-1] != len(text) or (np.diff(offsets) < 0).any():
        raise InputError(f"cats: offsets do not rise from 0 to {len(text)}")
    return tuple(text[a:b].decode("latin-1") for a, b in zip(offsets, offsets[1:], strict=False))


def _coefficients(booster: Mapping[str, Any], features: int, outputs: int) -> np.ndarray:
    weights = _numbers(_object(booster, "model"), "weights", np.float32)
    if len(weights) != (features + 1) * outputs:
        raise InputError(f"weights: expected {(features + 1) * outputs}, got {len(weights)}")
    return weights.reshape(features + 1, outputs)


def _base_score(parameters: Mapping[str, Any], outputs: int) -> np.ndarray:
    words = _text(parameters, "base_score").strip("[]").split(",")
    try:
        scores = np.array([float(word) for word in words]).astype(np.float32)
    except ValueError:
        raise InputError(f"base_score: expected numbers, got {parameters['base_score']!r:.40}") from None
    if len(scores) not in (1, outputs):
        raise InputError(f"base_score: expected {outputs} numbers, got {len(scores)}")
    return np.broadcast_to(scores, (outputs,))


def _feature_names(learner: Mapping[str, Any], features: int) -> tuple[str, ...]:
    names = _texts(learner, "feature_names")
    if names and len(names) != features:
        raise InputError(f"feature_names: expected {features}, got {len(names)}")
    return names


def _best_iteration(learner: Mapping[str, Any]) -> int | None:
    attributes = _object(learner, "attributes") if "attributes" in learner else {}
    return _count(attributes, "best_iteration") if "best_iteration" in attributes else None


# Single values


def _get(mapping: Any, key: str, kind: type, what: str) -> Any:
    value = mapping.get(key) if isinstance(mapping, Mapping) else None
    if not isinstance(value, kind):
        raise InputError(f"{key}: expected {what}, got {type(value).__name__}")
    return value


def _object(mapping: Any, key: str) -> Mapping[str, Any]:
    value: Mapping[str, Any] = _get(mapping, key, dict, "an object")
    return value


def _list(mapping: Any, key: str) -> list[Any]:
    value: list[Any] = _get(mapping, key, list, "a list")
    return value


def _text(mapping: Any, key: str) -> str:
    value: str = _get(mapping, key, str, "a text")
    return value


def _texts(mapping: Any, key: str) -> tuple[str, ...]:
    texts = _list(mapping, key) if key in mapping else []
    if not all(isinstance(text, str) for text in texts):
        raise InputError(f"{key}: expected texts")
    return tuple(texts)


def _count(mapping: Any, key: str) -> int:
    text = _text(mapping, key)
    if not re.fullmatch(r"\d{1,9}", text):
        raise InputError(f"{key}: expected a number, got {text!r:.40}")
    return int(text)


def _numbers(mapping: Any, key: str, dtype: Any, count: int | None = None) -> np.ndarray:
    value = mapping.get(key) if isinstance(mapping, Mapping) else None
    if not isinstance(value, (list, np.ndarray)):
        raise InputError(f"{key}: expected a list of numbers, got {type(value).__name__}")
    try:
        array = np.asarray(value, np.float64 if isinstance(value, list) and dtype == np.float32 else None)
        array = (array if len(value) else np.zeros(0)).astype(dtype)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{key}: expected numbers of type {np.dtype(dtype).name}") from None
    if array.ndim != 1 or (count is not None and len(array) != count):
        raise InputError(f"{key}: expected {count} numbers, got an array of shape {array.shape}")
    return array
