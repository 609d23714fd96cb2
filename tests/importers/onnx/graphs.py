"""Small graphs built in code: one node, or a few."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ML = "ai.onnx.ml"
FLOAT = TensorProto.FLOAT
MATRIX: dict[str, tuple[int, list[int | None]]] = {"X": (FLOAT, [None, 3])}
Y = {"Y": FLOAT}


def single(
    op: str,
    shape: list[int | None],
    *,
    domain: str = ML,
    dtype: int = TensorProto.FLOAT,
    outputs: dict[str, int] | None = None,
    constants: list[np.ndarray] | None = None,
    opset: int = 18,
    ml: int = 3,
    **attributes: Any,
) -> onnx.ModelProto:
    """Return a model of one node over an input X and constants."""
    named = {f"c{i}": array for i, array in enumerate(constants or [])}
    outputs = outputs or {"Y": TensorProto.FLOAT}
    node = helper.make_node(op, ["X", *named], list(outputs), name=f"the {op}", domain=domain, **attributes)
    return model([node], {"X": (dtype, shape)}, outputs, named, opset=opset, ml=ml)


def node(op: str, *inputs: str, to: str = "Y", domain: str = "", **attributes: Any) -> onnx.NodeProto:
    """Return a node named by its operator, and by its output unless that is Y."""
    return helper.make_node(
        op, list(inputs), [to], name=f"the {op}" if to == "Y" else f"the {op} of {to}", domain=domain, **attributes
    )


def model(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, list[int | None]]],
    outputs: dict[str, int],
    constants: dict[str, np.ndarray] | None = None,
    *,
    opset: int = 18,
    ml: int = 3,
) -> onnx.ModelProto:
    """Return a model of nodes, in this order."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(ML, ml), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="tests")


CLASSIFIER = {"label": TensorProto.INT64, "scores": TensorProto.FLOAT}


def stump(mode: str, *, tree: int = 0, value: float = 0.5, missing: int = 0, feature: int = 0) -> dict[str, list[Any]]:
    """Return the nodes of a tree with one comparison and two leaves."""
    return {
        "nodes_treeids": [tree] * 3,
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [feature, 0, 0],
        "nodes_modes": [mode, "LEAF", "LEAF"],
        "nodes_values": [value, 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "nodes_missing_value_tracks_true": [missing, 0, 0],
    }


def together(*trees: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the nodes of several trees."""
    return {name: [item for tree in trees for item in tree[name]] for name in trees[0]}


def targets(trees: int, *, weights: list[float], kind: str = "target", ids: list[int] | None = None) -> dict[str, Any]:
    """Return the weights of the two leaves of each stump."""
    return {
        f"{kind}_treeids": [tree for tree in range(trees) for _ in (1, 2)],
        f"{kind}_nodeids": [1, 2] * trees,
        f"{kind}_ids": ids or [0, 0] * trees,
        f"{kind}_weights": weights,
    }
