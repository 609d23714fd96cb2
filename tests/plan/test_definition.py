"""Definitions round-trip through their bytes, and hostile ones are rejected in bounded time, with the node named."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import CorruptObjectError, DefinitionError
from pretzel.plan import ops
from pretzel.plan.definition import (
    MAX_NODES,
    Definition,
    from_encoded,
    from_tree,
    iter_parameters,
    parameter_digests,
    to_tree,
)
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

X = ops.Input("x", "f64[2]")
W = Parameter.of(np.array([1.0, 2.0]))
GOOD = Definition({"y": ops.Linear(ops.Standardize(X, None, W), W)}, (), {"estimator": "Ridge"})


def changed(**changes: Any) -> Any:
    """Return the tree of a good definition with some parts replaced; ``node`` changes the last node."""
    tree = to_tree(GOOD)
    tree["nodes"][-1] = tree["nodes"][-1] | changes.pop("node", {})
    return tree | changes


def test_a_definition_round_trips_through_its_bytes() -> None:
    back = from_encoded(GOOD.encoded, GOOD.parameters)
    assert back.outputs == GOOD.outputs and back.inputs == GOOD.inputs and back.metadata == GOOD.metadata
    assert back.digest == GOOD.digest


def test_the_digest_depends_on_outputs_inputs_and_metadata() -> None:
    (node,) = GOOD.outputs.values()
    others = [
        Definition({"z": node}, (), GOOD.metadata),
        Definition({"y": node}, (), {"estimator": "Lasso"}),
        Definition({"y": node}, (ops.Input("unread", "f64"),), GOOD.metadata),
        Definition({"y": node, "z": node}, (), GOOD.metadata),
        Definition({"z": node, "y": node}, (), GOOD.metadata),
    ]
    assert len({other.digest for other in [*others, GOOD]}) == 6


def test_inputs_keep_their_order_and_unread_ones_stay() -> None:
    a, b = ops.Input("a", "f64"), ops.Input("b", "f64")
    assert Definition({"y": a}, (b,)).inputs == (b, a)
    assert from_encoded(Definition({"y": a}, (b, a)).encoded, {}).inputs == (b, a)


def test_parameter_digests_are_listed_without_building_nodes() -> None:
    assert parameter_digests(to_tree(GOOD)) == [W.digest]
    assert iter_parameters([GOOD, GOOD]) == {W.digest: W}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (changed(node={"inputs": [2]}), "node 2: refers|node 2 refers to node 2, of 2 before it"),
        (changed(node={"inputs": [9]}), "refers to node 9"),
        (changed(node={"inputs": [-1]}), "refers to node -1"),
        (changed(node={"inputs": [True]}), "refers to node True"),
        (changed(node={"inputs": ["0"]}), "refers to node '0'"),
        (changed(node={"inputs": []}), r"node 2: linear: takes 1 inputs, 0 given"),
        (changed(node={"inputs": [0, 1]}), r"node 2: linear: takes 1 inputs, 2 given"),
        (changed(node={"inputs": 5}), "malformed near node 2"),
        (changed(node={"op": "unheard_of"}), "node 2: unknown operator 'unheard_of'"),
        (changed(node={"op": ["linear"]}), "malformed near node 2"),
        (changed(node={"op": None}), "node 2: unknown operator None"),
        (changed(node={"attributes": {"colour": 1}}), "node 2: linear: unknown attribute 'colour'"),
        (changed(node={"attributes": {"x": 1}}), "node 2: linear: unknown attribute 'x'"),
        (changed(node={"attributes": {"weights": 1}, "parameters": {}}), "expected Parameter, got int"),
        (changed(node={"attributes": []}), "malformed near node 2"),
        (changed(node={"parameters": {}}), "node 2: linear: 'weights' is missing"),
        (changed(node={"parameters": {"weights": "nonsense"}}), "digest 'nonsense'"),
        (changed(node={"parameters": {"weights": 7}}), "malformed near node 2"),
        (changed(node={"parameters": {"weights": f"sha256:{'0' * 64}/9"}}), "was never uploaded"),
        (changed(node={"op": "threshold", "parameters": {}, "attributes": {"value": 1}}), "expected float, got int"),
        (changed(outputs=[]), "no output"),
        (changed(outputs=[["y", 3]]), "output 'y' refers to node 3"),
        (changed(outputs=[["y", 0], ["y", 1]]), "output 'y' is named twice"),
        (changed(outputs=[[7, 0]]), "expected a name, got int"),
        (changed(outputs=[["y"]]), "malformed"),
        (changed(outputs=None), "malformed"),
        (changed(inputs=[1]), "names a node that is not an input"),
        (changed(inputs=[5]), "input list refers to node 5"),
        (changed(metadata=3), "malformed"),
        (changed(nodes=None), "malformed"),
        (None, "malformed"),
        ([], "malformed"),
    ],
)
def test_an_invalid_tree_is_rejected_with_the_node_named(tree: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        from_tree(tree, {W.digest: W})


def test_two_types_for_one_input_are_rejected() -> None:
    with pytest.raises(DefinitionError, match="input 'x' is declared twice"):
        Definition({"y": ops.Concat((X, ops.Input("x", "f64")))})


def test_huge_attributes_are_abbreviated_in_messages() -> None:
    tree = changed(node={"op": "elementwise", "parameters": {}, "attributes": {"function": "x" * 10_000_000}})
    with pytest.raises(DefinitionError) as refusal:
        from_tree(tree, {W.digest: W})
    assert len(str(refusal.value)) < 1_000


def test_too_many_nodes_are_rejected_before_any_is_built() -> None:
    with pytest.raises(DefinitionError, match=f"at most {MAX_NODES}"):
        from_tree({"nodes": [None] * (MAX_NODES + 1)}, {})


@pytest.mark.parametrize("count", [MAX_NODES // 10, pytest.param(MAX_NODES, marks=pytest.mark.long)])
def test_a_chain_as_deep_as_allowed_takes_bounded_time(count: int) -> None:
    node = {"op": "require_finite", "attributes": {"owner": "A"}, "parameters": {}}
    first = {"op": "input", "attributes": {"column": "x", "kind": "f64"}, "parameters": {}, "inputs": []}
    chain = [first, *({**node, "inputs": [i]} for i in range(count - 1))]
    started = time.monotonic()
    definition = from_tree({"nodes": chain, "inputs": [0], "outputs": [["y", count - 1]], "metadata": {}}, {})
    assert len(definition.nodes) == count
    assert definition.digest
    del definition  # freed without recursion
    assert time.monotonic() - started < 60


def test_many_inputs_of_one_name_are_rejected_in_bounded_time() -> None:
    kinds = [f"f64[{i}]" for i in range(1, 20_000)]
    started = time.monotonic()
    with pytest.raises(DefinitionError, match="input 'x' is declared twice"):
        Definition({"y": X}, tuple(ops.Input("x", kind) for kind in kinds))
    assert time.monotonic() - started < 20


def test_paths_beyond_count_are_walked_once() -> None:
    node: Node = ops.Input("x", "f64")
    for _ in range(300):
        node = ops.Sum((node, node))
    definition = Definition({"y": node})
    assert from_encoded(definition.encoded, {}).outputs["y"] is node


@given(st.data())
def test_no_bytes_break_the_reader(data: st.DataObject) -> None:
    encoded = bytearray(GOOD.encoded)
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        definition = from_encoded(bytes(encoded), {W.digest: W})
    except (CorruptObjectError, DefinitionError):
        return
    assert from_encoded(definition.encoded, {W.digest: W}).digest == definition.digest


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["op", "inputs", "attributes", "parameters"]), json), json)
def test_no_tree_breaks_the_reader(node: Any, other: Any) -> None:
    for tree in (other, changed(node=node), changed(outputs=other), changed(inputs=other)):
        try:
            from_tree(tree, {W.digest: W})
        except DefinitionError:
            pass


@pytest.mark.parametrize("value", [object(), 2**64, "\ud800", {1: 2}, 1j])
def test_metadata_without_a_canonical_form_is_rejected(value: Any) -> None:
    with pytest.raises(DefinitionError, match="definition: metadata"):
        _ = Definition({"y": X}, (), {"model": value}).digest
