"""Outputs that share no input: the inputs that a request for one of them needs."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.engine.components import Components
from pretzel.engine.executable import Executable
from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Ragged


def executable(outputs: dict[str, Node]) -> Executable:
    used: dict[str, ops.Input] = {}
    waiting = list(outputs.values())
    while waiting:
        node = waiting.pop()
        if isinstance(node, ops.Input):
            used[node.column] = node
        waiting += node.inputs
    compiled = compile_plan(Definition(outputs, tuple(used[name] for name in sorted(used))))
    return engine.load(compiled.plan, lambda digest: compiled.blobs[digest])


def doubled(name: str, kind: str = "f64") -> Node:
    x = ops.Input(name, kind)
    return ops.Arithmetic(x, x, "add")


def test_outputs_are_grouped_by_shared_inputs() -> None:
    # Inputs 0..3, steps 4 = f(0), 5 = f(0, 1), 6 = f(2); nothing reads input 3.
    groups = Components(["a", "b", "c", "d"], [(0,), (0, 1), (2,)], {"x": 4, "y": 5, "z": 6, "same": 2})
    assert groups.inputs_of(["x"]) == groups.inputs_of(["y"]) == {"a", "b"}
    assert groups.inputs_of(["z"]) == groups.inputs_of(["same"]) == {"c"}
    assert groups.inputs_of(["x", "z"]) == {"a", "b", "c"}
    assert groups.requested({"b"}, None) == ["x", "y"]
    assert groups.requested({"c"}, None) == ["z", "same"]
    assert groups.requested({"a", "c"}, None) == ["x", "y", "z", "same"]
    assert groups.requested({"a"}, ["z"]) == ["z"]


KINDS = {
    "f64": np.array([1.0, 2.0]),
    "f32[3]": np.zeros((2, 3), np.float32),
    "i64": np.array([1, 2]),
    "str": ["a", "b"],
    "str[2]": [["a", "b"], ["c", None]],
    "f64[*]": Ragged.of([[1.0], []], numbers=True),
    "str[*]": Ragged.of([["a"], []]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_no_requested_output_reads_may_be_absent(kind: str) -> None:
    model = executable(
        {"other": ops.Input("b", kind), "sum": doubled("a")} if "*" not in kind else {"sum": doubled("a")}
    )
    a = np.array([1.0, 2.0, 3.0])
    assert model.run({"a": a}, ["sum"])["sum"].tolist() == [2.0, 4.0, 6.0]
    assert list(model.run({"a": a})) == ["sum"]


def test_missing_and_unknown_columns_are_named() -> None:
    model = executable({"sum": ops.Arithmetic(ops.Input("a", "f64"), ops.Input("b", "f64"), "add"), "c": doubled("c")})
    x = np.array([1.0])
    for outputs in (None, ["sum"]):
        with pytest.raises(InputError, match="column 'b' is missing; the model takes 'a', 'b'"):
            model.run({"a": x}, outputs)
    with pytest.raises(InputError, match="column 'z' is unknown"):
        model.run({"a": x, "b": x, "z": x}, ["sum"])
    with pytest.raises(InputError, match="column 'a' is missing"):
        model.run({}, None)
    with pytest.raises(InputError, match="column 'c': 1 rows, but 'a' has 2"):
        model.run({"a": np.zeros(2), "b": np.zeros(2), "c": x}, ["sum"])
    assert model.run({"a": x, "b": x}, ["sum"])["sum"].tolist() == [2.0]
    assert [step.entries for step in model.profile({"c": x})] == [None, None]


def test_absent_codes_are_zeros() -> None:
    known = ops.Lookup(ops.Input("codes", "i64"), Parameter.of(np.arange(2)), refuse_unknown=True)
    labels = ops.LabelLookup(known, Parameter.strings(["x", "y"]))
    model = executable({"labels": labels, "sum": doubled("a")})
    assert model.run({"a": np.array([1.0])}, ["sum"])["sum"].tolist() == [2.0]
    assert model.run({"codes": np.array([1])})["labels"].codes.tolist() == [1]
