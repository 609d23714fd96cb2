"""Names of the steps of definitions: they travel, are exported, and are in no digest; malformed ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import DefinitionError
from pretzel.plan import bundle, ops, wire
from pretzel.plan.definition import Definition, from_tree, named_tree, to_tree
from pretzel.plan.encoding import decode, encode
from pretzel.plan.parameter import Parameter
from pretzel.plan.steps import IN_VERSION, LONGEST, MOST_NAMES, by_name, by_place, of_version, stored
from pretzel.v1 import plan_pb2 as pb

NAMES = st.lists(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), max_size=3, unique=True).map(
        tuple
    ),
    max_size=6,
)


def definition(named: bool = True) -> Definition:
    x = ops.Input("x", "f64[2]")
    linear = ops.Linear(x, Parameter.of(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])), Parameter.of(np.zeros(3)))
    labels = ops.LabelLookup(ops.ArgMax(linear), Parameter.of(["a", "b", "ç"]))
    steps = {linear: ("pre", "größe"), labels: ("clf",)} if named else {}
    return Definition({"predict": labels, "scores": linear}, metadata={"input_style": "matrix"}, steps=steps)


def names_of(definition: Definition) -> dict[str, Any]:
    return {node.name: names for node, names in definition.steps.items()}


def test_names_are_in_no_digest():
    assert definition().digest == definition(named=False).digest
    assert "steps" not in to_tree(definition())


def test_names_travel_in_messages():
    sent = wire.definition_to_proto(definition())
    received = wire.definition_from_proto(pb.Definition.FromString(sent.SerializeToString()), definition().parameters)
    assert names_of(received) == names_of(definition()) == {"linear": ("pre", "größe"), "label_lookup": ("clf",)}
    assert not wire.definition_to_proto(definition(named=False)).steps


def test_names_are_saved(tmp_path: Path):
    bundle.save(tmp_path / "m", definition())
    assert names_of(bundle.load(tmp_path / "m")) == names_of(definition())


def test_a_file_without_names_is_that_of_older_versions(tmp_path: Path):
    bundle.save(tmp_path / "m", definition(named=False))
    head = (tmp_path / "m").read_bytes()[:64]
    assert head[24:56].hex() == definition().digest.hex
    assert bundle.load(tmp_path / "m").steps == {}


@given(NAMES)
def test_names_by_place_are_those_that_were_stored(names: list[tuple[str, ...]]):
    assert by_place(by_name(names), len(names)) == names
    assert of_version(stored(names), len(names)) == names
    assert by_place(decode(encode(by_name(names))), len(names)) == names


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (3, "definition: steps: expected a list, got 3"),
        ([["a"]], "definition: step: expected a list of 2, got ['a']"),
        ([["", [0]]], f"step '': expected a name of 1 to {LONGEST} characters"),
        ([["a" * (LONGEST + 1), [0]]], f"expected a name of 1 to {LONGEST} characters"),
        ([[7, [0]]], "step 7: expected a name"),
        ([["a", 0]], "step 'a': expected a list, got 0"),
        ([["a", [99]]], "step 'a' refers to node 99, of 4"),
        ([["a", [-1]]], "step 'a' refers to node -1"),
        ([["a", [True]]], "step 'a' refers to node True"),
        ([["a", [0] * 1_000_001]], "steps name nodes 1,000,001 times, at most 1,000,000 are allowed"),
    ],
)
def test_malformed_names_are_refused(steps: Any, message: str):
    tree = {**named_tree(definition()), "steps": steps}
    with pytest.raises(DefinitionError) as refused:
        from_tree(tree, definition().parameters)
    assert message in str(refused.value)
    assert of_version({IN_VERSION: steps}, 4) == [()] * 4


def test_messages_with_malformed_names_are_refused():
    message = wire.definition_to_proto(definition())
    message.steps.add(name="a", nodes=[99])
    with pytest.raises(DefinitionError, match="step 'a' refers to node 99"):
        wire.definition_tree(message)
    message.steps[-1].CopyFrom(pb.NamedStep(name="x" * (5 << 20), nodes=[0]))
    with pytest.raises(DefinitionError, match="bytes of metadata"):
        wire.definition_tree(message)


def test_further_names_of_a_node_are_left_out():
    many = [[f"s{i}", [0]] for i in range(MOST_NAMES + 3)]
    assert by_place(many, 1) == [tuple(f"s{i}" for i in range(MOST_NAMES))]
