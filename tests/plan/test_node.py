"""Nodes are checked at construction and interned, and their keys depend only on their contents."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.graph import readers, rewrite, topological
from pretzel.plan.node import _CHECKS, OPERATORS, Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType

X = ops.Input("x", "f64[2]")
W = Parameter.of(np.array([1.0, 2.0]))

_KEY = """
import numpy as np
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
x = ops.Input("x", "f64[2]")
w = Parameter.of(np.array([1.0, 2.0]))
print(ops.Linear(ops.Standardize(x, None, w), w).key.hex())
"""


def test_equal_nodes_are_one_object() -> None:
    assert ops.Linear(X, W) is ops.Linear(ops.Input("x", "f64[2]"), Parameter.of([1.0, 2.0]))
    assert ops.Linear(X, W) is not ops.Linear(X, W, Parameter.of([0.0]))
    assert ops.Lookup(ops.Input("s", "str"), Parameter.of(["a"])) is not ops.Lookup(
        ops.Input("s", "str"), Parameter.of(["a"]), column="s"
    )


def test_attributes_that_compare_equal_but_differ_make_different_nodes() -> None:
    nodes = {ops.Threshold(X, value) for value in (0.0, -0.0, 1.0)}
    assert len(nodes) == 3
    assert ops.Impute(X, W) is ops.Impute(X, W, missing=float("nan"))


def test_the_key_is_the_same_in_every_process() -> None:
    here = ops.Linear(ops.Standardize(X, None, W), W).key.hex()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", _KEY]
        run = subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == here


def test_a_node_is_freed_with_its_last_reader() -> None:
    key = ops.Threshold(X, 42.0).key
    gc.collect()
    from pretzel.plan.node import _interned

    assert key not in _interned


def test_threads_get_the_same_node() -> None:
    built: list[list[Node]] = []

    def make() -> None:
        built.append([ops.Threshold(X, float(i)) for i in range(500)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one is other for one, *others in zip(*built, strict=True) for other in others)


def test_a_node_is_frozen_and_not_picklable() -> None:
    node = ops.Threshold(X)
    with pytest.raises(AttributeError):
        node.value = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError, match="save its Definition"):
        pickle.dumps(node)
    with pytest.raises(TypeError, match="save its Definition"):
        copy.deepcopy(node)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ops.Threshold(X, 1), "threshold.value: expected float, got int 1"),
        (lambda: ops.Threshold(X, inclusive=1), "threshold.inclusive: expected bool, got int 1"),
        (lambda: ops.Threshold(W), "threshold.x: expected Node, got Parameter"),
        (lambda: ops.Threshold(None), "threshold.x: expected Node, got NoneType"),
        (lambda: ops.Linear(X, np.ones(2)), "linear.weights: expected Parameter, got ndarray"),
        (lambda: ops.Concat([X]), "concat.parts: expected tuple"),
        (lambda: ops.Concat((X, W)), "concat.parts: expected tuple"),
        (lambda: ops.Concat(()), "expected at least one"),
        (lambda: ops.Column(X, True), "column.index: expected int, got bool"),
        (lambda: ops.Column(X, 2**63), "column.index: expected int"),
        (lambda: ops.Column(X, 2), "2 is not a column of f64[2]"),
        (lambda: ops.Input("x" * 10_000, "f65"), "type 'f65'"),
        (lambda: ops.Input(b"x", "f64"), "input.column: expected str"),
        (lambda: ops.Elementwise(X, "eval"), "function: expected one of exp"),
        (lambda: ops.Select(X, Parameter.of(np.array([2]))), "columns: expected 0..1"),
        (lambda: ops.Select(X, Parameter.of(np.array([-1]))), "columns: expected 0..1"),
        (lambda: ops.Input("\ud800", "f64"), "surrogate"),
    ],
)
def test_an_invalid_field_is_rejected_by_name(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        make()
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 1_000


def forest(**changes: Any) -> ops.TreeEnsemble:
    """One tree of three nodes."""
    fields = {
        "roots": np.array([0], np.int32),
        "feature": np.array([1, 0, 0], np.int32),
        "threshold": np.array([0.5, 0, 0]),
        "left": np.array([1, -1, -1], np.int32),
        "right": np.array([2, 0, 1], np.int32),
        "missing_left": np.zeros(3, bool),
        "leaves": np.array([1.0, 2.0]),
        "base": np.array([0.0]),
    }
    return ops.TreeEnsemble(X, **{name: Parameter.of(value) for name, value in (fields | changes).items()})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"left": np.array([0, -1, -1], np.int32)}, "does not come after its parent"),
        ({"right": np.array([0, 0, 1], np.int32)}, "does not come after its parent"),
        ({"right": np.array([3, 0, 1], np.int32)}, "beyond the 3 nodes"),
        ({"right": np.array([2, 0, 2], np.int32)}, "refers to no row of the 2 leaves"),
        ({"right": np.array([2, 0, -1], np.int32)}, "refers to no row of the 2 leaves"),
        ({"feature": np.array([2, 0, 0], np.int32)}, "feature: expected 0..1"),
        ({"feature": np.array([-1, 0, 0], np.int32)}, "feature: expected 0..1"),
        ({"roots": np.array([3], np.int32)}, "roots: expected 0..2"),
        ({"threshold": np.array([0.5])}, "threshold: expected"),
    ],
)
def test_an_invalid_forest_is_rejected(changes: dict[str, Any], message: str) -> None:
    assert forest().type == ValueType("f64")
    with pytest.raises(DefinitionError, match=message):
        forest(**changes)


def test_every_operator_is_documented_and_typed() -> None:
    for name, operator in OPERATORS.items():
        assert operator.__doc__ and operator.infer.__doc__, name
        for field, annotation in operator.fields.items():
            kind = annotation.removesuffix(" | None").removeprefix("tuple[").removesuffix(", ...]")
            assert kind in _CHECKS, f"{name}.{field}: {annotation}"


def test_inputs_are_replaced_in_order() -> None:
    a, b, c = (ops.Input(name, "f64") for name in "abc")
    concat = ops.Concat((a, b, a))
    assert concat.inputs == (a, b, a)
    assert concat.with_inputs((c, b, a)) is ops.Concat((c, b, a))
    assert concat.with_inputs(concat.inputs) is concat


def test_nodes_are_walked_inputs_first_and_once() -> None:
    a = ops.Affine(X, W)
    b = ops.Affine(a, W)
    root = ops.Concat((b, a, X))
    assert topological([root, a]) == [X, a, b, root]
    assert readers([root, a]) == {X: 2, a: 3, b: 1, root: 1}
    # b over X is a again, so it is changed too
    assert rewrite([root], lambda node: X if node is a else None) == [ops.Concat((X, X, X))]


def test_a_graph_of_many_paths_is_walked_once() -> None:
    node: Node = X
    for _ in range(200):  # 2**200 paths
        node = ops.Sum((node, node))
    assert len(topological([node])) == 201


def test_a_later_attribute_with_its_default_does_not_change_keys() -> None:
    x = ops.Input("x", "f64{3}")
    plain = ops.Densify(x)
    assert plain.attributes == {}
    assert plain.key.hex() == "d7ecb351c1e88ae8c30fef610eecc627aedbff25640f2728c8a1453f7dc4aab0"  # the key before
    assert ops.Densify(x, 0.0, "sum") is plain
    distinct = ops.Densify(x, float("nan"), "last")
    assert distinct.attributes.keys() == {"absent", "repeats"}
    assert len({plain.key, distinct.key, ops.Densify(x, repeats="last").key}) == 3
    assert ops.Densify.build([x], distinct.attributes) is distinct


@pytest.mark.parametrize("operator", [op for op in OPERATORS.values() if op.later])
def test_later_attributes_have_defaults(operator: type[Node]) -> None:
    assert not {*operator.later} & {*operator.required}
    assert {*operator.later} <= operator.fields.keys()


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("i64{3}", {"absent": 1.0}, "absent: expected 0 among i64, got 1.0"),
        ("f64{3}", {"repeats": "first"}, "repeats: expected 'sum', 'last' or 'last stored', got 'first'"),
        ("f64[3]", {}, "x: expected a sparse matrix"),
    ],
)
def test_densify_rejects_invalid_fields(kind: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        ops.Densify(ops.Input("x", kind), **fields)
