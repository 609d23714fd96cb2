"""Definitions, plans and models round-trip through the wire format, and illegal ones are rejected by node."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import DefinitionError
from pretzel.plan import model, ops, wire
from pretzel.plan.definition import Definition, parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, PlanInput, PlanOutput, Stage
from pretzel.plan.types import ValueType
from pretzel.v1 import model_pb2, plan_pb2, values_pb2
from tests.plan.drawn import TEXT

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)  # fmt: skip


@given(st.dictionaries(TEXT, PLAIN, max_size=4))
def test_attributes_round_trip(values: dict):
    message = plan_pb2.Definition(metadata=wire.attributes_to_proto(values))
    got = wire.attributes_from_proto(plan_pb2.Definition.FromString(message.SerializeToString()).metadata)
    assert got == values
    assert repr(sorted(got)) == repr(sorted(values))


@pytest.mark.parametrize("value", [object(), 2**63, {1, 2}, "\ud800"])
def test_attributes_that_cannot_be_sent(value):
    with pytest.raises(DefinitionError, match="cannot be sent"):
        wire.attribute_to_proto(value)


def test_attributes_of_no_kind_or_too_deep():
    with pytest.raises(DefinitionError, match="no value"):
        wire.attribute_from_proto(values_pb2.Attribute())
    deep: list = []
    for _ in range(70):
        deep = [deep]
    with pytest.raises(DefinitionError, match="nested deeper"):
        wire.attribute_to_proto(deep)


@pytest.mark.parametrize("bad", [("", 1), ("0" * 63, 1), ("G" * 64, 1), ("0" * 64, -1), ("A" * 64, 1)])
def test_malformed_digests(bad: tuple[str, int]):
    with pytest.raises(DefinitionError, match="digest"):
        wire.digest_from_proto(values_pb2.Digest(hex=bad[0], size=bad[1]))


def small_definition() -> Definition:
    x = ops.Input("été", "f64[2]")
    linear = ops.Linear(x, Parameter.of(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])), Parameter.of(np.zeros(3)))
    codes = ops.ArgMax(linear)
    labels = ops.LabelLookup(codes, Parameter.of(["a", "b", "c"]))
    return Definition({"predict": labels, "scores": linear}, (x,), {"input_style": "matrix", "names": ["p", "q"]})


def test_definition_round_trip():
    definition = small_definition()
    message = plan_pb2.Definition.FromString(wire.definition_to_proto(definition).SerializeToString())
    assert {*parameter_digests(wire.definition_tree(message))} == {*definition.parameters}
    assert wire.definition_from_proto(message, definition.parameters).digest == definition.digest


def spoiled(change) -> plan_pb2.Definition:
    message = wire.definition_to_proto(small_definition())
    change(message)
    return message


ILLEGAL = {
    "cycle": (lambda m: m.nodes[1].inputs.__setitem__(0, 1), "cycle"),
    "forward": (lambda m: m.nodes[1].inputs.__setitem__(0, 3), "cycle"),
    "dangling output": (lambda m: setattr(m.outputs[0], "node", 99), "99"),
    "dangling input": (lambda m: m.inputs.append(99), "99"),
    "output twice": (lambda m: setattr(m.outputs[1], "name", "predict"), "named twice"),
    "no output": (lambda m: m.ClearField("outputs"), "no output"),
    "operator": (lambda m: setattr(m.nodes[1], "operator", "evil"), "unknown operator 'evil'"),
    "attribute": (lambda m: m.nodes[0].attributes["kind"].Clear(), r"node 0 \(input\): attribute: no value"),
    "type": (lambda m: setattr(m.nodes[0].attributes["kind"], "text", "f64"), "linear"),
    "digest": (
        lambda m: setattr(m.nodes[1].parameters["weights"], "hex", "no"),
        r"node 1 \(linear\): digest",
    ),
}


@pytest.mark.parametrize("case", ILLEGAL)
def test_illegal_definitions_are_rejected(case: str):
    change, problem = ILLEGAL[case]
    with pytest.raises(DefinitionError, match=problem):
        wire.definition_from_proto(spoiled(change), small_definition().parameters)


def small_plan() -> Plan:
    table = Parameter.of(["a", "b"])
    stage = Stage("arg_max", "argmax", {"n": 2}, {}, (0,), ValueType("i64"), "f" * 64)
    return Plan(
        kernel_set="1",
        inputs=(PlanInput("X", ValueType("f64", 2)),),
        stages=(stage,),
        outputs=(PlanOutput("predict", 1, table.digest), PlanOutput("scores", 0)),
        inline={table.digest: bytes(table.blob)},
    )


def test_a_plan_message_describes_the_plan():
    plan = small_plan()
    message = wire.plan_to_proto(plan)
    assert wire.digest_from_proto(message.digest) == plan.digest
    assert [(s.kernel, list(s.inputs), s.type) for s in message.stages] == [("argmax", [0], "i64")]
    assert [o.HasField("labels") for o in message.outputs] == [True, False]


def version() -> model.ModelVersion:
    return model.ModelVersion("m", 3, Digest("0" * 64, 1), Digest("1" * 64, 2), 5.5, 77, {"input_style": "matrix"})


def test_models_round_trip():
    original = model.Model("m", (version(),), {"stable": 3})
    message = model_pb2.Model.FromString(wire.model_to_proto(original).SerializeToString())
    assert wire.model_from_proto(message) == original


def test_descriptions_round_trip_with_labels_for_codes_and_for_one_column_per_class():
    description = model.describe(version(), small_plan(), {"stable": 3}, lambda digest: pytest.fail("is inline"))
    message = wire.description_to_proto(description)
    got = wire.description_from_proto(model_pb2.ModelDescription.FromString(message.SerializeToString()))
    assert (got.version, got.inputs, got.aliases) == (description.version, description.inputs, {"stable": 3})
    assert [(o.name, str(o.type), o.labels) for o in got.outputs] == [
        ("predict", "i64", ["a", "b"]),
        ("scores", "f64[2]", ["a", "b"]),
    ]


def test_the_columns_of_a_target_are_labelled_by_its_own_classes():
    tables = [Parameter.of(["a", "b"]), Parameter.of(["c", "d"])]
    outputs = [PlanOutput(f"predict[{i}]", 1, table.digest) for i, table in enumerate(tables)]
    outputs += [PlanOutput(f"predict_proba[{i}]", 0) for i in range(2)]
    plan = dataclasses.replace(
        small_plan(), outputs=tuple(outputs), inline={table.digest: bytes(table.blob) for table in tables}
    )
    described = model.describe(version(), plan, {}, lambda digest: pytest.fail("is inline"))
    assert [o.labels for o in described.outputs] == [["a", "b"], ["c", "d"]] * 2


def test_metadata_has_a_bound():
    message = plan_pb2.Definition()
    message.metadata["notes"].text = "x" * (5 << 20)
    with pytest.raises(DefinitionError, match=r"5,242,8\d\d bytes of metadata; at most 4,194,304 are accepted"):
        wire.definition_tree(message)
