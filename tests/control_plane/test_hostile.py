"""Definitions that no importer makes: they are rejected by name or compiled, in bounded time."""

import dataclasses
import math
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.legality import MAX_NAME
from pretzel.compiler.optimize import RULES, Trace, optimize, run
from pretzel.compiler.optimize.budget import Budget
from pretzel.errors import DefinitionError, PretzelError
from pretzel.plan import ops, wire
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.ops import Input
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan
from pretzel.plan.reference import evaluate
from pretzel.plan.structure import MAX_NODES, check_structure
from pretzel.plan.types import MAX_WIDTH
from pretzel.v1 import plan_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import control_plane
from tests.control_plane.serve.running import definition as good_definition
from tests.helpers.examples import drawing

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
    """A node with roughly the right fields, some of them invalid."""
    operator: type[Node] = OPERATORS[draw(st.sampled_from(sorted(OPERATORS)))]
    node = plan_pb2.Node(operator=operator.name)
    for field in dataclasses.fields(operator):  # type: ignore[arg-type]
        kind = str(field.type)
        if "Node" in kind:
            many = draw(st.integers(0, 3)) if kind.startswith("tuple") else 1
            node.inputs.extend(draw(st.integers(0, max(at - 1, 0))) for _ in range(many))
        elif "Parameter" in kind:
            if "None" not in kind or draw(st.booleans()):
                many = draw(st.sampled_from(PARAMETERS))
                node.parameters[field.name].CopyFrom(wire.digest_to_proto(many.digest))
        elif field.default is dataclasses.MISSING or draw(st.booleans()):
            node.attributes[field.name].CopyFrom(wire.attribute_to_proto(draw(value_of(kind))))
    return node


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
    drawn = [
        plan_pb2.Node(operator="input", attributes=wire.attributes_to_proto({"column": f"x{i}", "kind": kind}))
        for i, kind in enumerate(columns)
    ]
    for at in range(len(drawn), len(drawn) + draw(st.integers(1, 6))):
        drawn.append(draw(nodes(at)))
    outputs = [plan_pb2.NamedOutput(name=f"out{i}", node=len(drawn) - 1 - i) for i in range(draw(st.integers(1, 2)))]
    return plan_pb2.Definition(nodes=drawn, inputs=range(len(columns)), outputs=outputs)


@drawing(400, suppress_health_check=list(HealthCheck))
@given(definitions())
def test_random_definitions_are_rejected_by_name_or_compiled(message: plan_pb2.Definition):
    start = time.monotonic()
    try:
        definition = wire.definition_from_proto(message, BY_DIGEST)
        plan = compile_plan(optimize(definition)).plan
        assert [output.name for output in plan.outputs] == [output.name for output in message.outputs]
    except PretzelError as error:
        assert error.code != "INTERNAL", error
        assert str(error)
    assert time.monotonic() - start < 5


def chain_of(nodes: int) -> plan_pb2.Definition:
    """Two alternating operators that no rule merges."""
    x = plan_pb2.Node(operator="input", attributes=wire.attributes_to_proto({"column": "x", "kind": "f64[3]"}))
    scale = {"scale": wire.digest_to_proto(PARAMETERS[0].digest)}
    norm = wire.attributes_to_proto({"norm": "l2"})
    chain = [
        plan_pb2.Node(operator="normalize", inputs=[i], attributes=norm)
        if i % 2
        else plan_pb2.Node(operator="affine", inputs=[i], parameters=scale)
        for i in range(nodes - 1)
    ]
    return plan_pb2.Definition(nodes=[x, *chain], inputs=[0], outputs=[plan_pb2.NamedOutput(name="y", node=nodes - 1)])


def compiled(sent: Definition | plan_pb2.Definition, most_seconds: float) -> Plan:
    """The plan, compiled within ``seconds`` of processor time."""
    start = time.process_time()
    if isinstance(sent, plan_pb2.Definition):
        sent = wire.definition_from_proto(sent, BY_DIGEST)
    plan = compile_plan(optimize(sent)).plan
    assert time.process_time() - start < most_seconds
    return plan


def test_a_very_deep_definition_takes_linear_time():
    assert len(compiled(chain_of(3000), 3).stages) == 2999


@pytest.mark.long
def test_a_definition_as_deep_as_allowed():
    assert len(compiled(chain_of(MAX_NODES), 60).stages) == MAX_NODES - 1
    with pytest.raises(DefinitionError, match=f"{MAX_NODES + 1} nodes, at most {MAX_NODES} are allowed"):
        compiled(chain_of(MAX_NODES + 1), 10)


X3 = Input("x", "f64[3]")
LADDERS: dict[str, Callable[[Node], Node]] = {
    "sums of twice the same": lambda x: ops.Sum((x, x)),  # 2**n paths
    "concatenations cut in two": lambda x: ops.Select(ops.Concat((x, x)), Parameter.of(np.array([3, 1, 2]))),
    "columns split and concatenated": lambda x: ops.Concat(tuple(ops.Column(x, i) for i in range(3))),
    "scalings": lambda x: ops.Affine(x, PARAMETERS[0]),
    "standardizations": lambda x: ops.Standardize(x, PARAMETERS[0], PARAMETERS[0]),
    "products": lambda x: ops.Linear(x, Parameter.of(np.eye(3) + 0.25)),
    "checks behind scalings": lambda x: ops.RequireFinite(ops.Affine(x, PARAMETERS[0]), "A"),
    "concatenations in concatenations": lambda x: ops.Select(
        ops.Concat((ops.Concat((x,)), X3)), Parameter.of(np.arange(3))
    ),
}


@pytest.mark.parametrize("ladder", LADDERS)
def test_repeated_walks_of_the_rules_take_bounded_time(ladder: str):
    node: Node = X3
    for _ in range(1000):
        node = LADDERS[ladder](node)
    compiled(Definition({"y": ops.Linear(node, PARAMETERS[0])}), 10)


def test_a_width_costs_nothing():
    huge = ops.OneHot(Input("c", "i64"), MAX_WIDTH)
    few = ops.Select(huge, Parameter.of(np.array([0, 5])))
    tracemalloc.start()
    try:
        compiled(Definition({"y": ops.Linear(few, Parameter.of(np.array([1.0, 2.0])))}), 2)
        compiled(Definition({"y": ops.Column(ops.Densify(huge), 7)}), 2)
        compiled(Definition({"y": ops.Select(ops.Concat((huge,)), Parameter.of(np.array([3])))}), 2)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_very_wide_concatenation():
    columns = tuple(Input(str(i), "f64") for i in range(5000))
    scaled = tuple(ops.Standardize(column, None, Parameter.of(np.array([2.0]))) for column in columns)
    weights = Parameter.of(np.arange(5000.0))
    plan = compiled(Definition({"y": ops.Linear(ops.RequireFinite(ops.Concat(scaled), "A"), weights)}), 10)
    assert len(plan.inputs) == 5000


def test_the_optimizer_stops_at_its_budget_with_a_correct_result(monkeypatch: pytest.MonkeyPatch):
    node: Node = X3
    for i in range(200):
        node = ops.Affine(node, Parameter.of(np.full(3, 1 + i / 1000)))
    definition = Definition({"y": ops.Link(node, "softmax")})
    trace = Trace()
    stopped = run(definition, RULES, trace=trace, budget=Budget(2_000_000))
    assert not trace.finished
    assert 2 < len(stopped.nodes) < len(definition.nodes)
    rows = {"x": np.ones((2, 3))}
    np.testing.assert_allclose(evaluate(stopped, rows)["y"], evaluate(definition, rows)["y"], rtol=1e-9)


def spoiled(**node: Any) -> dict[str, Any]:
    first = {"op": "input", "inputs": [], "attributes": {"column": "x", "kind": "f64[3]"}, "parameters": {}}
    second = {"op": "normalize", "inputs": [0], "attributes": {"norm": "l2"}, "parameters": {}} | node
    return {"nodes": [first, second], "inputs": [0], "outputs": [["y", 1]], "metadata": {}}


LOST = f"sha256:{'0' * 64}/1000"


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (spoiled(inputs=[1]), "node 1 refers to node 1, of 1 before it"),
        (spoiled(attributes={"norm": "l" * 100_000}), "node 1: normalize.norm: 100000 characters, at most 65536"),
        (spoiled(attributes={"norm": ["l2"] * 100_000}), "node 1: normalize.norm: 100000 items, at most 65536"),
        (spoiled(attributes={}), "node 1: normalize: 'norm' is missing"),
        (spoiled(op="affine", attributes={}, inputs=[0, 0], parameters={"scale": LOST}), "node 1: affine: takes 1"),
        (spoiled(op="concat", attributes={}, inputs=[0] * 1_000_001), "1000001 edges up to node 1, at most"),
        (
            spoiled(op="affine", attributes={}, parameters={"scale": f"sha256:{'0' * 64}/{1 << 37}"}),
            "bytes of parameters read, at most",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_invalid_definition_is_rejected_before_its_parameters(tree: dict[str, Any], message: str):
    with pytest.raises(DefinitionError, match=message):
        check_structure(tree)


@pytest.mark.parametrize("length", [MAX_NAME + 1, 1_000_000])
def test_overlong_names_are_rejected_with_a_short_message(length: int):
    name = "n" * length
    for definition in (Definition({name: X3}), Definition({"y": Input(name, "f64")})):
        with pytest.raises(DefinitionError, match=f"a name of {length} characters, at most {MAX_NAME}") as refusal:
            optimize(definition)
        assert len(str(refusal.value)) < 200


def test_a_control_plane_survives_hostile_definitions_and_names_the_problem(tmp_path: Path):
    lost = plan_pb2.Definition(
        nodes=[chain_of(1).nodes[0], plan_pb2.Node(operator="affine", inputs=[0])],
        inputs=[0],
        outputs=[plan_pb2.NamedOutput(name="y", node=1)],
    )
    lost.nodes[1].parameters["scale"].CopyFrom(wire.digest_to_proto(Digest("0" * 64, 1000)))
    cyclic, deep = plan_pb2.Definition(), chain_of(3000)
    cyclic.CopyFrom(lost)
    cyclic.nodes[1].inputs[0] = 1
    with control_plane(tmp_path / "data") as server:
        with fails("FAILED_PRECONDITION", "never uploaded"):
            server.steps("lost", lost)
        with fails("INVALID_ARGUMENT", "node 1 refers to node 1"):  # although its parameter is missing too
            server.steps("cyclic", cyclic)
        server.upload([PARAMETERS[0].blob])
        server.steps("deep", deep)
        assert server.deploy("good", good_definition()).version == 1
