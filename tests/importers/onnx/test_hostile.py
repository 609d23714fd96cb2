"""Truncated, damaged or hostile files raise named errors in bounded time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from pretzel.errors import InputError, PretzelError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.onnx.model import read
from pretzel.importers.onnx.registry import CONVERTERS
from tests.helpers.examples import drawing
from tests.importers.onnx.graphs import CLASSIFIER, ML, model, single, stump, targets, together

SECONDS = 5.0


def _seeds() -> list[bytes]:
    trees: dict[str, Any] = together(stump("BRANCH_LEQ"), stump("BRANCH_EQ", tree=1))
    trees |= targets(2, weights=[0.5, 0.25, 0.125, 0.75], kind="class", ids=[0, 1, 2, 0])
    labels = {"classlabels_int64s": [3, 4, 5]}
    linear = {"coefficients": [0.5, -0.25, 1.0, 2.0], "intercepts": [0.1, 0.2], "classlabels_strings": ["a", "b"]}
    nodes = [
        helper.make_node("Scaler", ["X"], ["S"], domain=ML, offset=[0.5, 0.25], scale=[2.0, 1.0]),
        helper.make_node("LabelEncoder", ["T"], ["C"], domain=ML, keys_strings=["a", "b"], values_floats=[1.0, 2.0]),
        helper.make_node("Concat", ["S", "C"], ["W"], axis=1),
        helper.make_node("Gemm", ["W", "weights"], ["Y"], transB=1),
    ]
    inputs: Any = {"X": (TensorProto.FLOAT, [None, 2]), "T": (TensorProto.STRING, [None, 1])}
    weights = {"weights": np.ones((2, 3), np.float32)}
    return [
        single("TreeEnsembleClassifier", [None, 1], outputs=CLASSIFIER, **trees, **labels).SerializeToString(),
        single("LinearClassifier", [None, 2], outputs=CLASSIFIER, **linear).SerializeToString(),
        model(nodes, inputs, {"Y": TensorProto.FLOAT}, weights).SerializeToString(),
    ]


SEEDS = _seeds()


def import_bytes(data: bytes) -> None:
    """Import bytes, or raise a named error, in bounded time."""
    began = time.monotonic()
    try:
        export(read(data))
    except PretzelError as error:
        assert str(error)
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_the_seeds_are_served(seed: bytes) -> None:
    assert export(read(seed)).outputs


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_truncated_files(seed: bytes) -> None:
    for end in range(0, len(seed), 7):
        import_bytes(seed[:end])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_changed_bytes(seed: bytes, changes: list[tuple[float, int]]) -> None:
    data = bytearray(seed)
    for where, byte in changes:
        data[int(where * len(data))] = byte
    import_bytes(bytes(data))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    import_bytes(data)


def test_other_files_are_not_models() -> None:
    with pytest.raises(InputError, match="the bytes are not an ONNX model"):
        read(b"\xff\xff\xff")
    with pytest.raises(InputError, match="it holds no graph with outputs"):
        read(b"")


NUMBERS = st.integers(-3, 5) | st.sampled_from([2**31, -(2**31), 2**62, -(2**62)])
SMALL_FLOATS = st.floats(-2, 2, width=32) | st.sampled_from([float("nan"), float("inf")])
TEXTS = st.sampled_from(["", "a", "MAX", "SUM", "LEAF", "BRANCH_LEQ", "BRANCH_EQ", "TF", "LOWER", "[a-z]+", "ö"])
ANYTHING = st.one_of(
    NUMBERS,
    SMALL_FLOATS,
    TEXTS,
    st.lists(NUMBERS, min_size=1, max_size=4),
    st.lists(SMALL_FLOATS, min_size=1, max_size=4),
    st.lists(TEXTS, min_size=1, max_size=4),
)
TENSORS = st.sampled_from(
    [
        *(
            np.array(value, dtype)
            for value in (0, 1, -1, 3, [0], [1], [-1, 2], [[1, 2], [3, 4]])
            for dtype in (np.int64, np.float32)
        ),
        np.array([], np.int64),
        np.array(["a"], object),
        np.array([2**40]),
        np.ones((2, 2), np.float64),
    ]
)
KNOWN = {
    (domain, op): sorted({*onnx.defs.get_schema(op, domain=domain).attributes} - {"body"})
    for domain, op in CONVERTERS
    if onnx.defs.has(op, domain)
}
ATTRIBUTES = sorted({name for names in KNOWN.values() for name in names})
DTYPES = [TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL]
SHAPES: st.SearchStrategy[list[int | None]] = st.sampled_from([[None, 2], [None, 3], [None], [None, 2, 2]])


@st.composite
def nonsense(draw: st.DrawFn) -> onnx.ModelProto:
    """Draw one node of any supported operator, with attributes and constants that need not be valid."""
    domain, op = draw(st.sampled_from(sorted(CONVERTERS)))
    names = draw(st.lists(st.sampled_from(KNOWN.get((domain, op)) or ATTRIBUTES), unique=True, max_size=8))
    constants = draw(st.lists(TENSORS, max_size=3))
    inputs = [f"c{i}" for i in range(len(constants))]
    inputs.insert(draw(st.integers(0, len(inputs))), "X")
    node = helper.make_node(op, inputs, ["Y", "Z"][: draw(st.integers(1, 2))], domain=domain)
    node.attribute.extend(helper.make_attribute(name, draw(ANYTHING)) for name in names)
    dtype = draw(
        st.sampled_from(
            [TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL]
        )
    )
    graph = helper.make_graph(
        [node],
        "nonsense",
        [helper.make_tensor_value_info("X", dtype, draw(SHAPES))],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, f"c{i}") for i, array in enumerate(constants)],
    )
    opsets = [("", draw(st.sampled_from([6, 9, 12, 18, 21]))), (ML, draw(st.integers(1, 5))), ("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(*item) for item in opsets])


@drawing(600, suppress_health_check=[HealthCheck.too_slow])
@given(nonsense())
def test_nonsense_nodes_are_served_or_refused_by_name(graph: onnx.ModelProto) -> None:
    began = time.monotonic()
    try:
        assert export(graph).outputs
    except PretzelError as error:
        assert "cannot be served" in str(error)
    assert time.monotonic() - began < SECONDS


def test_chains_of_shared_branches_are_bounded() -> None:
    count = 3000
    nodes: dict[str, Any] = {
        "nodes_treeids": [0] * count,
        "nodes_nodeids": list(range(count)),
        "nodes_featureids": [0] * count,
        "nodes_modes": ["BRANCH_LEQ"] * (count - 1) + ["LEAF"],
        "nodes_values": [0.0] * count,
        "nodes_truenodeids": [min(i + 1, count - 1) for i in range(count)],
        "nodes_falsenodeids": [min(i + 1, count - 1) for i in range(count)],
        "target_treeids": [0],
        "target_nodeids": [count - 1],
        "target_ids": [0],
        "target_weights": [1.0],
    }
    import_bytes(single("TreeEnsembleRegressor", [None, 1], n_targets=1, **nodes).SerializeToString())


@pytest.mark.parametrize("op", ["ArgMax", "LogSoftmax", "Softmax"])
def test_a_million_groups_per_row_are_refused_quickly(op: str) -> None:
    wide = model([helper.make_node(op, ["X"], ["Y"], axis=1)], {"X": (TensorProto.FLOAT, [None, 2, 1 << 20])}, {"Y": 1})
    began = time.monotonic()
    with pytest.raises(UnsupportedError, match="a row has 1048576 parts"):
        export(wide)
    assert time.monotonic() - began < SECONDS


def test_columns_are_counted_over_the_whole_graph() -> None:
    nodes = [helper.make_node("Abs", [f"v{i}"], [f"v{i + 1}"]) for i in range(100)]
    wide = model(nodes, {"v0": (TensorProto.FLOAT, [None, 1 << 20])}, {"v100": TensorProto.FLOAT})
    with pytest.raises(UnsupportedError, match="its nodes need more than 3356.... numbers"):
        export(wide)


@pytest.mark.parametrize(("keys", "text"), [([], "0 keys, of which 0 differ"), (["a", "b", "a"], "3 keys, of which 2")])
def test_maps_without_keys_or_with_repeated_keys_are_refused(keys: list[str], text: str) -> None:
    vocabulary = {"string_vocabulary": keys} if keys else {}
    node = helper.make_node("DictVectorizer", ["m"], ["Y"], domain=ML, **vocabulary)
    graph = model([node], {}, {"Y": TensorProto.FLOAT})
    kind = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    graph.graph.input.append(helper.make_value_info("m", kind))
    with pytest.raises(UnsupportedError, match=f"input 'm' cannot be served: it is a map of {text}"):
        export(graph)
