"""Code written for any definition builds an equal one."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given, settings

from pretzel import flow
from pretzel.flow.code import literal
from pretzel.flow.methods import METHODS
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from tests.flow.test_operators import built
from tests.plan.test_render import definitions


@settings(max_examples=40)
@given(definitions())
def test_a_definition_round_trips_through_its_code(definition):
    back = built(definition)
    assert back.outputs == definition.outputs
    assert back.inputs == definition.inputs
    assert back.digest == definition.digest
    assert flow.code(back) == flow.code(definition)


def test_common_steps_have_their_names():
    text = ops.Input("X", "str")
    counts = ops.CountNgrams(ops.Tokenize(ops.Lowercase(text), r"\w+"), Parameter.strings(["a", "b"]), "word", 1, 2)
    score = ops.Linear(ops.Cast(counts, "f64"), Parameter.of(np.arange(2.0)), Parameter.of(np.array([0.5])))
    lines = flow.code(Definition({"p": ops.Link(score, "sigmoid")})).splitlines()
    assert [line.strip() for line in lines[4:12]] == [
        "v0 = flow.input('X', 'str')",
        "v1 = v0.lowercase()",
        r"v2 = v1.tokenize(pattern='\\w+')",
        "v3 = v2.word_ngrams(['a', 'b'], high=2, dtype='i64')",
        "v4 = v3.cast('f64')",
        "v5 = v4.linear(flow.array([0.0, 1.0], 'f64'), bias=flow.array([0.5], 'f64'))",
        "v6 = v5.sigmoid()",
        "outputs = {",
    ]


def test_each_method_sets_every_field_of_its_operator():
    operators = {kind.name: kind for kind in vars(ops).values() if hasattr(kind, "fields")}
    for method in METHODS:
        fields = {name for name, kind in operators[method.operator].fields.items() if "Node" not in kind}
        assert fields <= {*inspect.signature(getattr(flow.Value, method.name)).parameters, *method.fixed}, method.name


@pytest.mark.parametrize("kind", [ops.ArgMax, ops.ArgMin])
@pytest.mark.parametrize("ties", ["numpy", "first", "last"])
def test_which_of_equal_ones_is_found_is_written(kind, ties):
    definition = Definition({"out": kind(ops.Input("X", "f64[3]"), ties)})
    assert built(definition).digest == definition.digest


def test_a_deep_definition_is_written():
    node: Node = ops.Input("X", "f64[2]")
    for _ in range(1200):
        node = ops.Affine(node, Parameter.of(np.array([1.0, 2.0])))
    definition = Definition({"out": node})
    assert built(definition).digest == definition.digest


def test_parameters_of_a_file(tmp_path):
    x = flow.numbers(20)
    pipeline = flow.pipeline(predict=x.linear(np.arange(20)))
    pipeline.save(tmp_path / "model.pretzel")
    assert flow.parameters(tmp_path / "model.pretzel") == flow.parameters(pipeline.definition())


@pytest.mark.parametrize("value", [float("inf"), -0.0, (), ("a",), [1, (2,)], {"a": [None, b"x"]}, "quote ' and \\"])
def test_literals(value):
    assert repr(eval(literal(value))) == repr(value)
