"""Definitions that no importer makes: whatever they hold, they are refused by name or compiled, in bounded time."""

import dataclasses
import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pretzel.control_plane.compile import compile_plan
from pretzel.control_plane.optimize import optimize
from pretzel.errors import PretzelError
from pretzel.plan import wire
from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.parameter import Parameter
from pretzel.v1 import plan_pb2

PARAMETERS = [
    Parameter.of(np.array([1.0, 2.0, 3.0])),
    Parameter.of(np.array([math.nan, math.inf, 0.0])),
    Parameter.of(np.float32([[1, 2], [3, 4], [5, 6]])),
    Parameter.of(np.zeros((3, 0))),
    Parameter.of(np.zeros(0)),
    Parameter.of(np.array([0, 2, -1])),
    Parameter.of(np.int32([2**31 - 1, -(2**31), 7])),
    Parameter.of(np.array([True, False, True])),
    Parameter.of(np.uint8([0, 255, 1])),
    Parameter.of(np.float64(4.0)),
    Parameter.of(np.zeros((1, 1, 1, 1))),
    Parameter.strings(["a", "b", "c"]),
    Parameter.strings(["", "", "ä"]),
    Parameter.strings([]),
]
BY_DIGEST = {parameter.digest: parameter for parameter in PARAMETERS}
TEXTS = ["", "l2", "softmax", "sigmoid", "word", "char_wb", "f64", "str", "str[*]", "exp", "\x00", "x" * 100, "(a+)+$"]
TYPES = [
    "f64",
    "f64[3]",
    "f32[3]",
    "f32{3}",
    "str",
    "str[2]",
    "str[*]",
    "f64[*]",
    "i64",
    "bool[3]",
    "f64[0]",
    "f64[2147483647]",
]
VALUES = st.one_of(
    st.sampled_from([None, True, 0, 1, 3, -1, 2**40, 0.0, 1.5, math.nan, math.inf, -1e308, b"bytes", [], [[]]]),
    st.sampled_from(TEXTS + TYPES),
    st.lists(st.sampled_from([1, 2, -1, 2**40]), max_size=3),
    st.lists(st.sampled_from(TEXTS), max_size=3),
)


@st.composite
def nodes(draw: st.DrawFn, at: int) -> plan_pb2.Node:
    """A node with about the right fields, of which some are wrong."""
    operator: type[Node] = OPERATORS[draw(st.sampled_from(sorted(OPERATORS)))]
    made = plan_pb2.Node(operator=operator.name)
    for field in dataclasses.fields(operator):  # type: ignore[arg-type]
        kind = str(field.type)
        if "Node" in kind:
            many = draw(st.integers(0, 3)) if kind.startswith("tuple") else 1
            made.inputs.extend(draw(st.integers(0, max(at - 1, 0))) for _ in range(many))
        elif "Parameter" in kind:
            if "None" not in kind or draw(st.booleans()):
                many = draw(st.sampled_from(PARAMETERS))
                made.parameters[field.name].CopyFrom(wire.digest_to_proto(many.digest))
        elif field.default is dataclasses.MISSING or draw(st.booleans()):
            made.attributes[field.name].CopyFrom(wire.attribute_to_proto(draw(value_of(kind))))
    return made


def value_of(kind: str) -> st.SearchStrategy[Any]:
    right: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "int": st.integers(-2, 4) | st.sampled_from([2**31, 2**62]),
        "float": st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf]),
        "str": st.sampled_from(TEXTS + TYPES),
    }
    one = right.get(kind.removeprefix("tuple[").removesuffix(", ...]").removesuffix(" | None"), VALUES)
    good = st.lists(one, max_size=3) if kind.startswith("tuple") else one
    return st.one_of(good, good, good, VALUES)


@st.composite
def definitions(draw: st.DrawFn) -> plan_pb2.Definition:
    columns = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3))
    made = [
        plan_pb2.Node(operator="input", attributes=wire.attributes_to_proto({"column": f"x{i}", "kind": kind}))
        for i, kind in enumerate(columns)
    ]
    for at in range(len(made), len(made) + draw(st.integers(1, 6))):
        made.append(draw(nodes(at)))
    outputs = [plan_pb2.NamedOutput(name=f"out{i}", node=len(made) - 1 - i) for i in range(draw(st.integers(1, 2)))]
    return plan_pb2.Definition(nodes=made, inputs=range(len(columns)), outputs=outputs)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(definitions())
def test_random_definitions_are_refused_by_name_or_compiled(message: plan_pb2.Definition):
    start = time.monotonic()
    try:
        definition = wire.definition_from_proto(message, BY_DIGEST)
        plan = compile_plan(optimize(definition)).plan
        assert [output.name for output in plan.outputs] == [output.name for output in message.outputs]
    except PretzelError as error:
        assert error.code != "INTERNAL", error
        assert str(error)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("depth", [3000])
def test_a_very_deep_definition(depth: int):
    x = plan_pb2.Node(operator="input", attributes=wire.attributes_to_proto({"column": "x", "kind": "f64[3]"}))
    scale = {"scale": wire.digest_to_proto(PARAMETERS[0].digest)}
    chain = [
        plan_pb2.Node(operator="normalize", inputs=[i], attributes=wire.attributes_to_proto({"norm": "l2"}))
        if i % 2
        else plan_pb2.Node(operator="affine", inputs=[i], parameters=scale)
        for i in range(depth)
    ]
    outputs = [plan_pb2.NamedOutput(name="out", node=depth)]
    message = plan_pb2.Definition(nodes=[x, *chain], inputs=[0], outputs=outputs)
    start = time.monotonic()
    plan = compile_plan(optimize(wire.definition_from_proto(message, BY_DIGEST))).plan
    assert plan.stages
    assert time.monotonic() - start < 20
