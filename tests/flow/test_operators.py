"""Every operator of the language can be written, and is written back as code that builds it again."""

from __future__ import annotations

import inspect

import pytest

from pretzel import flow
from pretzel.flow.methods import METHODS
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import topological
from pretzel.plan.node import OPERATORS, Node
from tests.ops.harness import CASES, drawn

EXAMPLES = 3


def written(node: Node) -> flow.Value:
    """Return a node as it is written by hand, one step at a time."""
    values: dict[Node, flow.Value] = {}
    for one in topological([node]):
        if isinstance(one, ops.Input):
            values[one] = flow.input(one.column, one.kind)
            continue
        first, *others = (values[child] for child in one.inputs)
        values[one] = first.apply(one.name, *others, **one.parameters, **one.attributes)
    return values[node]


def built(definition: Definition) -> Definition:
    """Return the definition that the code of another builds."""
    namespace: dict = {}
    exec(flow.code(definition), namespace)
    return namespace["build"](flow.parameters(definition)).definition()


def test_every_operator_has_a_case():
    assert {case.OPERATOR for case in CASES.values()} == set(OPERATORS.values()) - {ops.Input, ops.PythonStage}


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_operator_can_be_written(name):
    for node, _ in drawn(CASES[name], EXAMPLES):
        assert written(node).node is node
        definition = Definition({"out": node})
        assert built(definition).digest == definition.digest


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_arguments_of_a_method_are_the_fields_of_its_operator(method):
    names = set(inspect.signature(getattr(flow.Value, method.name)).parameters) - {"self"}
    assert names <= {*OPERATORS[method.operator].fields}
    assert {*OPERATORS[method.operator].required} <= names | {*method.fixed}


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_an_operator_is_described(name):
    text = flow.describe(name)
    assert text.startswith(f"{name}: ") and all(f"\n{field}: " in text for field in OPERATORS[name].fields)
    assert f"\n{name}: " in f"\n{flow.describe()}"
