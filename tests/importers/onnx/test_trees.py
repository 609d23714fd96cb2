"""Tree ensembles, attribute by attribute, compared with ONNX Runtime."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.graphs import CLASSIFIER, single, stump, targets, together
from tests.importers.sklearn.compare import run

MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
HALF = np.float32(0.5)
ODD = np.array(
    [[0.5], [np.nextafter(HALF, np.float32(1))], [np.nextafter(HALF, np.float32(0))], [0.0], [-0.0], [1e-45], [np.inf]]
    + [[-np.inf], [np.nan], [-0.5]],
    np.float32,
)
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize("value", [0.5, 0.0, -0.0, float("inf")])
@pytest.mark.parametrize("mode", MODES)
def test_comparisons_at_their_threshold(mode: str, value: float, missing: int) -> None:
    tree = stump(mode, value=value, missing=missing) | targets(1, weights=[1.0, 2.0])
    assert_served(single("TreeEnsembleRegressor", [None, 1], n_targets=1, **tree), {"X": ODD}, batches=(10,))


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize("modes", list(product(MODES, MODES[:2])), ids="-".join)
def test_comparisons_of_several_kinds(modes: tuple[str, str], missing: int) -> None:
    trees = together(*(stump(mode, tree=i, missing=missing) for i, mode in enumerate(modes)))
    nodes = trees | targets(2, weights=[1.0, 2.0, 10.0, 20.0])
    assert_served(single("TreeEnsembleRegressor", [None, 1], n_targets=1, **nodes), {"X": ODD}, batches=(10,))


@pytest.mark.parametrize("base", [None, [0.25]])
@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE", "MIN", "MAX"])
@pytest.mark.parametrize("transform", ["NONE", "PROBIT"])
def test_aggregates_then_base_then_transform(aggregate: str, base: list[float] | None, transform: str) -> None:
    trees = together(*(stump("BRANCH_LEQ", tree=i, value=v) for i, v in enumerate([0.5, -0.25, 0.0])))
    nodes: dict[str, Any] = trees | targets(3, weights=[0.1, 0.2, 0.9, -0.8, 0.3, 0.4])
    nodes |= {"aggregate_function": aggregate, "post_transform": transform, "n_targets": 1}
    graph = single("TreeEnsembleRegressor", [None, 1], **nodes, **({} if base is None else {"base_values": base}))
    assert_served(graph, {"X": ODD[:9]}, batches=(9,))


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_several_targets(transform: str) -> None:
    trees = together(stump("BRANCH_LEQ"), stump("BRANCH_LT", tree=1, value=0.0))
    nodes: dict[str, Any] = trees | targets(2, weights=[0.5, 0.25, 0.125, 0.75], ids=[0, 1, 2, 0])
    graph = single("TreeEnsembleRegressor", [None, 1], n_targets=3, post_transform=transform, **nodes)
    assert_served(graph, {"X": ODD[:9]}, batches=(9,))


@pytest.mark.parametrize("base", [None, [0.4], [-0.9]])
@pytest.mark.parametrize("weights", [[0.2, 0.7], [-0.2, 0.7]], ids=str)
@pytest.mark.parametrize("transform", TRANSFORMS[:4])
def test_one_sum_for_two_classes(weights: list[float], base: list[float] | None, transform: str) -> None:
    nodes: dict[str, Any] = stump("BRANCH_LEQ") | targets(1, weights=weights, kind="class")
    nodes |= {"classlabels_int64s": [3, 4], "post_transform": transform}
    options = {} if base is None else {"base_values": base}
    graph = single("TreeEnsembleClassifier", [None, 1], outputs=CLASSIFIER, **nodes, **options)
    assert_served(graph, {"X": ODD[:9]}, batches=(9,))


@pytest.mark.parametrize("weights", [[0.2, 0.7], [-0.2, 0.7]], ids=str)
@pytest.mark.parametrize("transform", TRANSFORMS[:4])
def test_one_sum_for_the_second_class(weights: list[float], transform: str) -> None:
    nodes: dict[str, Any] = stump("BRANCH_LEQ") | targets(1, weights=weights, kind="class", ids=[1, 1])
    nodes |= {"classlabels_int64s": [3, 4], "post_transform": transform}
    assert_served(single("TreeEnsembleClassifier", [None, 1], outputs=CLASSIFIER, **nodes), {"X": ODD}, batches=(10,))


@pytest.mark.parametrize("base", [None, [0.1, 0.2, 0.3]])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_several_classes(transform: str, base: list[float] | None) -> None:
    trees = together(stump("BRANCH_GT"), stump("BRANCH_LEQ", tree=1, value=0.0))
    nodes: dict[str, Any] = trees | targets(2, weights=[0.25, 0.5, 0.125, 0.0625], kind="class", ids=[0, 1, 2, 0])
    nodes |= {"classlabels_strings": ["a", "b", "c"], "post_transform": transform}
    options = {} if base is None else {"base_values": base}
    outputs = {"label": TensorProto.STRING, "scores": TensorProto.FLOAT}
    graph = single("TreeEnsembleClassifier", [None, 1], outputs=outputs, **nodes, **options)
    assert_served(graph, {"X": ODD[:9]}, batches=(9,))


def test_thresholds_of_float64_are_compared_in_float64() -> None:
    nodes: dict[str, Any] = stump("BRANCH_LT") | targets(1, weights=[1.0, 2.0])
    del nodes["nodes_values"], nodes["target_weights"]
    for name, values in (("nodes_values", [0.1, 0, 0]), ("target_weights", [0.1, 0.2])):
        nodes[f"{name}_as_tensor"] = helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values)
    x = np.array([[0.1], [np.nextafter(0.1, 1)], [np.nextafter(0.1, 0)], [np.float32(0.1)]])
    graph = single("TreeEnsembleRegressor", [None, 1], dtype=TensorProto.DOUBLE, n_targets=1, **nodes)
    assert_served(graph, {"X": x}, batches=(4,))


def _ensemble(mode: list[int], members: list[float] | None = None, **changes: Any) -> onnx.ModelProto:
    """Return a tree of two comparisons, the second on the false branch of the first, and three leaves."""

    def floats(name: str, values: list[float]) -> onnx.TensorProto:
        return helper.make_tensor(name, TensorProto.FLOAT, [len(values)], values)

    attributes: dict[str, Any] = {
        "nodes_splits": floats("splits", [0.5, -0.25]),
        "nodes_modes": helper.make_tensor("modes", TensorProto.UINT8, [2], mode),
        "nodes_featureids": [0, 0],
        "nodes_truenodeids": [0, 1],
        "nodes_trueleafs": [1, 1],
        "nodes_falsenodeids": [1, 2],
        "nodes_falseleafs": [0, 1],
        "leaf_targetids": [0, 0, 0],
        "leaf_weights": floats("weights", [1.0, 2.0, 3.0]),
        "tree_roots": [0],
        "n_targets": 1,
    }
    if members is not None:
        attributes["membership_values"] = floats("members", members)
    return single("TreeEnsemble", [None, 1], opset=21, ml=5, **attributes | changes)


@pytest.mark.parametrize("missing", [[0, 0], [0, 1], [1, 0]], ids=str)
@pytest.mark.parametrize("mode", list(product(range(6), (0, 4))), ids=str)
def test_the_single_operator_of_opset_5(mode: tuple[int, int], missing: list[int]) -> None:
    graph = _ensemble(list(mode), nodes_missing_value_tracks_true=missing)
    assert_served(graph, {"X": ODD}, batches=(10,))


@pytest.mark.parametrize("aggregate", [0, 1, 2, 3])
def test_its_aggregates(aggregate: int) -> None:
    assert_served(_ensemble([0, 1], aggregate_function=aggregate), {"X": ODD}, batches=(10,))


@pytest.mark.parametrize("missing", [[0, 0], [1, 0], [0, 1]], ids=str)
def test_membership(missing: list[int]) -> None:
    members = [0.5, -0.5, float("nan"), 1e-45, 3.0, float("nan")]
    graph = _ensemble([6, 6], members, nodes_missing_value_tracks_true=missing)
    x = np.concatenate([ODD, np.array([[3.0], [2.9]], np.float32)])
    want = ReferenceEvaluator(graph).run(None, {"X": x})[0]  # ONNX Runtime does not accept nested sets
    np.testing.assert_array_equal(run(export(graph), {"X": x})["Y"], want)


def test_a_chain_of_equalities_with_one_branch_is_a_set() -> None:
    count = 400
    nodes = {
        "nodes_treeids": [0] * (count + 2),
        "nodes_nodeids": list(range(count + 2)),
        "nodes_featureids": [0] * (count + 2),
        "nodes_modes": ["BRANCH_EQ"] * count + ["LEAF"] * 2,
        "nodes_values": [float(i) for i in range(count)] + [0.0] * 2,
        "nodes_truenodeids": [count] * count + [0] * 2,
        "nodes_falsenodeids": [*range(1, count), count + 1, 0, 0],
        "nodes_missing_value_tracks_true": [0] * (count + 2),
        "target_treeids": [0, 0],
        "target_nodeids": [count, count + 1],
        "target_ids": [0, 0],
        "target_weights": [1.0, 2.0],
    }
    graph = single("TreeEnsembleRegressor", [None, 1], n_targets=1, **nodes)
    x = np.array([[-1], [0], [399], [400], [7.5], [200], [np.nan]], np.float32)
    definition = assert_served(graph, {"X": x}, batches=(7,))
    trees = [node for node in definition.nodes if node.name == "tree_ensemble"]
    assert [len(tree.parameters["feature"]) for tree in trees] == [3]


NODES = st.integers(1, 12)


@st.composite
def forests(draw: st.DrawFn) -> dict[str, Any]:
    """Draw trees of random shape, in which each inner node splits an existing leaf."""
    lists: dict[str, list[Any]] = {name: [] for name in stump("LEAF")}
    weights: dict[str, list[Any]] = {name: [] for name in targets(1, weights=[])}
    for tree in range(draw(st.integers(1, 3))):
        children: dict[int, tuple[int, int]] = {}
        leaves, count = [0], 1
        for _ in range(draw(st.integers(1, 6))):
            leaf = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
            children[leaf] = (count, count + 1)
            leaves += [count, count + 1]
            count += 2
        for node in range(count):
            true, false = children.get(node, (0, 0))
            row = (tree, node, draw(st.integers(0, 1)), draw(st.sampled_from(MODES)) if node in children else "LEAF")
            row += (draw(st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-45])), true, false, draw(st.integers(0, 1)))  # type: ignore[assignment]
            for name, item in zip(lists, row, strict=True):
                lists[name].append(item)
        for leaf in leaves:
            row = (tree, leaf, draw(st.integers(0, 2)), draw(st.integers(-8, 8)) / 4)  # type: ignore[assignment]
            for name, item in zip(weights, row, strict=True):
                weights[name].append(item)
    return lists | weights


@settings(max_examples=60, deadline=None)
@given(
    forests(),
    st.lists(st.tuples(*[st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, np.inf, np.nan])] * 2), min_size=1),
)
def test_random_forests(nodes: dict[str, Any], rows: list[tuple[float, float]]) -> None:
    graph = single("TreeEnsembleRegressor", [None, 2], n_targets=3, **nodes)
    assert_served(graph, {"X": np.array(rows, np.float32)}, batches=(len(rows),))


BAD = {
    "two of its nodes have the same id": {"nodes_nodeids": [0, 1, 1]},
    "compares feature 7 of 1": {"nodes_featureids": [7, 0, 0]},
    "adds to target 5 of 1": {"target_ids": [0, 5]},
    "a tree has no root": {
        "nodes_modes": ["BRANCH_LEQ"] * 2 + ["LEAF"],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 2, 0],
    },
    "or are not connected": {"nodes_falsenodeids": [1, 0, 0]},
    "nodes_values: 2 entries for 3 nodes": {"nodes_values": [0.5, 0.0]},
    "nodes_truenodeids: 2 entries": {"nodes_truenodeids": [1, 0]},
    "its mode is 'BRANCH_ODD'; expected one of": {"nodes_modes": ["BRANCH_ODD", "LEAF", "LEAF"]},
    "an inner node has a weight": {"target_nodeids": [0, 2]},
    "aggregate function 'MEDIAN' is not supported": {"aggregate_function": "MEDIAN"},
    "ONNX does not define LOGISTIC of a single score": {"post_transform": "LOGISTIC"},
    "post_transform is 'CUBE'": {"post_transform": "CUBE"},
    "-3 targets": {"n_targets": -3},
    "targets": {"n_targets": 1 << 40},
    "its attribute 'nodes_colour' is not known": {"nodes_colour": [1]},
}


@pytest.mark.parametrize("reason", BAD)
def test_invalid_attributes_are_named(reason: str) -> None:
    nodes: dict[str, Any] = stump("BRANCH_LEQ") | targets(1, weights=[1.0, 2.0]) | {"n_targets": 1} | BAD[reason]
    with pytest.raises(
        UnsupportedError, match="node 'the TreeEnsembleRegressor' .ai.onnx.ml.TreeEnsembleRegressor."
    ) as e:
        export(single("TreeEnsembleRegressor", [None, 1], **nodes))
    assert reason in str(e.value)


def test_cycles_are_refused() -> None:
    nodes: dict[str, Any] = {
        "nodes_treeids": [0] * 4,
        "nodes_nodeids": [0, 1, 2, 3],
        "nodes_featureids": [0] * 4,
        "nodes_modes": ["BRANCH_LEQ"] * 3 + ["LEAF"],
        "nodes_values": [0.0] * 4,
        "nodes_truenodeids": [1, 2, 1, 0],
        "nodes_falsenodeids": [3, 3, 3, 0],
        "target_treeids": [0],
        "target_nodeids": [3],
        "target_ids": [0],
        "target_weights": [1.0],
    }
    with pytest.raises(UnsupportedError, match="form a cycle|contain a cycle"):
        export(single("TreeEnsembleRegressor", [None, 1], n_targets=1, **nodes))


def test_ambiguous_classifiers_are_refused() -> None:
    nodes: dict[str, Any] = stump("BRANCH_LEQ") | targets(1, weights=[0.2, 0.7], kind="class")
    for changes, reason in (
        ({"classlabels_int64s": [3, 4], "base_values": [0.1, 0.2]}, "ONNX does not define"),
        ({"classlabels_int64s": [3, 4], "post_transform": "PROBIT"}, "ONNX does not define"),
        ({"classlabels_int64s": [3]}, "it has one label"),
        ({}, "it has no labels"),
        ({"classlabels_int64s": [3, 4, 5], "base_values": [0.1]}, "1 base values for 3 classes"),
    ):
        with pytest.raises(UnsupportedError, match=reason):
            export(single("TreeEnsembleClassifier", [None, 1], outputs=CLASSIFIER, **nodes, **changes))


def test_trees_over_whole_numbers_compare_them_as_float32() -> None:
    nodes: dict[str, Any] = stump("BRANCH_LEQ", value=2.0**24) | targets(1, weights=[0.2, 0.7], kind="class")
    nodes["classlabels_int64s"] = [3, 4]
    graph = single("TreeEnsembleClassifier", [None, 1], dtype=TensorProto.INT64, outputs=CLASSIFIER, **nodes)
    assert_served(graph, {"X": np.array([[2**24], [2**24 + 1], [2**24 + 2]])}, batches=(3,))
