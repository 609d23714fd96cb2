"""Read CatBoost's JSON format, which holds the same as the binary one except the binarization of each statistic.

Predictions are those of the saved model: numbers are read as written.  CatBoost 1.2.10 itself reads them back with
different last bits, and truncates the sums of mean statistics to integers.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.importers.catboost.cbm import FREE, ctr_table, known_weights
from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.structure import (
    COUNTERS,
    CTR_TYPES,
    MEANS,
    CatFeature,
    Combination,
    CtrFeature,
    CtrTable,
    FloatFeature,
    OneHotFeature,
    TableKey,
    Trees,
    require,
)


def read_json(data: bytes) -> Model:
    """Return the model in the text of a JSON file.

    Raises:
        InputError: it is truncated, or not a model.
    """
    try:
        return _model(json.loads(data))
    except RecursionError:
        raise InputError("its trees are too deep") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"it is truncated, or not a CatBoost model ({type(error).__name__}: {error})") from None


def _model(document: dict[str, Any]) -> Model:
    _check_binarizations(document["model_info"])
    features = document["features_info"]
    categories = features.get("categorical_features") or []
    scale, bias = document.get("scale_and_bias") or (1.0, [0.0])
    trees = _symmetric(document["oblivious_trees"]) if "oblivious_trees" in document else _nested(document["trees"])
    return Model(
        floats=tuple(_float_feature(entry) for entry in features.get("float_features") or []),
        categories=tuple(CatFeature(*_position(entry), _name(entry)) for entry in categories),
        one_hots=tuple(
            OneHotFeature(int(entry["feature_index"]), _array(entry["values"], np.int32))
            for entry in categories
            if "values" in entry
        ),
        ctrs=tuple(_ctr_feature(entry) for entry in features.get("ctrs") or []),
        tables=dict(_table(name, entry) for name, entry in (document.get("ctr_data") or {}).items()),
        trees=trees,
        leaf_weights=known_weights(_leaf_weights(document.get("oblivious_trees") or []), trees),
        scale=float(scale),
        bias=tuple(float(value) for value in bias) or (0.0,),
        info=dict(document["model_info"]),
    )


def _check_binarizations(info: dict[str, Any]) -> None:
    """Refuse models that binarize the target several ways for one kind of statistic: JSON keeps only the last."""
    options = (info.get("params") or {}).get("cat_feature_params") or {}
    used = [*(options.get("simple_ctrs") or []), *(options.get("combinations_ctrs") or [])]
    for one in (options.get("per_feature_ctrs") or {}).values():
        used += one
    kinds = {
        (ctr["ctr_type"], ctr["target_binarization"]["border_count"]) for ctr in used if "target_binarization" in ctr
    }
    twice = [kind for kind, _ in kinds if sum(kind == other for other, _ in kinds) > 1]
    require(not twice, f"JSON keeps one of its several {', '.join(sorted({*twice}))} statistics; save it as cbm")


def _position(entry: dict[str, Any]) -> tuple[int, int]:
    return int(entry["feature_index"]), int(entry["flat_feature_index"])


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("feature_name") or entry.get("feature_id") or "")


def _array(values: Any, dtype: Any) -> np.ndarray:
    array = np.array(values if values is not None else [], dtype)
    require(array.ndim == 1, "a list of numbers holds other values")
    return array


def _float_feature(entry: dict[str, Any]) -> FloatFeature:
    nan_is_true = bool(entry["has_nans"]) and entry.get("nan_value_treatment") == "AsTrue"
    return FloatFeature(*_position(entry), _name(entry), _array(entry.get("borders"), np.float32), nan_is_true)


def _combination(entries: list[dict[str, Any]]) -> Combination:
    by_kind: dict[str, list[dict[str, Any]]] = {
        "cat_feature_value": [],
        "float_feature": [],
        "cat_feature_exact_value": [],
    }
    for entry in entries:
        by_kind[entry["combination_element"]].append(entry)
    categories, floats, one_hots = by_kind.values()
    return Combination(
        categories=tuple(int(entry["cat_feature_index"]) for entry in categories),
        floats=tuple((int(e["float_feature_index"]), float(np.float32(e["border"]))) for e in floats),
        one_hots=tuple((int(entry["cat_feature_index"]), int(entry["value"])) for entry in one_hots),
    )


def _key(kind: Any, elements: list[dict[str, Any]]) -> TableKey:
    require(kind in CTR_TYPES, f"expected one of {', '.join(CTR_TYPES)}, got {kind!r:.40}")
    return _combination(elements), str(kind), 0


def _ctr_feature(entry: dict[str, Any]) -> CtrFeature:
    return CtrFeature(
        table=_key(entry["ctr_type"], entry["elements"]),
        target_border=int(entry["target_border_idx"]),
        prior=float(entry["prior_numerator"]),
        prior_denominator=float(entry["prior_denomerator"]),
        shift=float(entry["shift"]),
        scale=float(entry["scale"]),
        borders=_array(entry["borders"], np.float32),
    )


def _table(name: str, entry: dict[str, Any]) -> tuple[TableKey, CtrTable]:
    """Return a table, stored as each hash followed by its statistics."""
    about = json.loads(name)
    key = _key(about["type"], about["identifier"])
    stride, flat = int(entry["hash_stride"]), entry["hash_map"]
    require(stride >= 2 and len(flat) % stride == 0, f"a table of {len(flat)} entries by {stride} is truncated")
    require(key[1] not in (*COUNTERS, *MEANS) or stride == 2 + (key[1] in MEANS), f"a {key[1]} of stride {stride}")
    rows = [flat[at : at + stride] for at in range(0, len(flat), stride) if int(flat[at]) != FREE]
    hashes = np.array([int(row[0]) for row in rows], np.uint64)
    counts = np.array([row[-1:] if key[1] in MEANS else row[1:] for row in rows], np.int32).reshape(len(rows), -1)
    sums = np.array([row[1] for row in rows], np.float32) if key[1] in MEANS else None
    return key, ctr_table(hashes, counts, sums, int(entry.get("counter_denominator", 0)))


def _symmetric(trees: list[dict[str, Any]]) -> Trees:
    splits = [[int(split["split_index"]) for split in tree["splits"] or []] for tree in trees]
    values = [_array(tree["leaf_values"], np.float64) for tree in trees]
    dimensions = {len(leaves) / 2 ** len(tests) for leaves, tests in zip(values, splits, strict=True)} or {1.0}
    dimension = int(dimensions.pop())
    require(not dimensions and dimension >= 1, "trees have leaves of different numbers of values")
    leaves = np.concatenate([*values, np.empty(0)])
    require(len(leaves) % dimension == 0, "the number of leaves does not match the trees")
    return Trees(dimension, _flat(splits), np.array([len(s) for s in splits], np.int64), leaves.reshape(-1, dimension))


def _leaf_weights(trees: list[dict[str, Any]]) -> np.ndarray:
    return np.concatenate([np.empty(0), *(_array(tree.get("leaf_weights") or [], np.float64) for tree in trees)])


def _nested(trees: list[dict[str, Any]]) -> Trees:
    nodes = _Nodes()
    sizes = [nodes.add(tree) for tree in trees]
    dimension = len(nodes.leaves[0]) if nodes.leaves else 1
    return Trees(
        dimension,
        np.array(nodes.splits, np.int64),
        np.array(sizes, np.int64),
        np.array(nodes.leaves, np.float64).reshape(-1, dimension),
        np.array(nodes.steps, np.int64).reshape(-1, 2),
        np.array(nodes.leaf_of, np.int64),
    )


class _Nodes:
    """The nodes of nested trees in arrays, each before its children."""

    def __init__(self) -> None:
        self.splits: list[int] = []
        self.steps: list[list[int]] = []
        self.leaf_of: list[int] = []
        self.leaves: list[list[float]] = []

    def add(self, tree: dict[str, Any]) -> int:
        """Append the nodes of one tree and return their number."""
        before = len(self.splits)
        waiting: list[tuple[dict[str, Any], int, int]] = [(tree, before, 0)]
        while waiting:
            node, parent, side = waiting.pop()
            at = self._append(node)
            if at > before:
                self.steps[parent][side] = at - parent
            if "value" not in node:
                waiting += [(node["right"], at, 1), (node["left"], at, 0)]
        return len(self.splits) - before

    def _append(self, node: dict[str, Any]) -> int:
        ends = "value" in node
        self.splits.append(0 if ends else int(node["split"]["split_index"]))
        self.steps.append([0, 0])
        self.leaf_of.append(len(self.leaves) if ends else 0)
        if ends:
            value = node["value"]
            self.leaves.append([float(one) for one in (value if isinstance(value, list) else [value])])
        return len(self.splits) - 1


def _flat(lists: list[list[int]]) -> np.ndarray:
    return np.array([number for numbers in lists for number in numbers], np.int64)
