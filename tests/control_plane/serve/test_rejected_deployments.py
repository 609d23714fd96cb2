"""Deployments that are rejected: samples, objects and definitions that are not valid."""

import numpy as np
import pytest

from pretzel.plan import ops, wire
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import plan_pb2, values_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import WIDTH, Server, definition, models, sample


@pytest.mark.parametrize("rows", [[1], [0] * 21, [-1] * 20, [5000] * 20])
def test_row_numbers_that_do_not_match_the_rows_are_rejected(server: Server, name: str, rows: list[int]):
    golden = sample(1)
    golden.rows.extend(rows)
    golden.total_rows = 5000
    server.send(definition(1))
    with fails("INVALID_ARGUMENT", "sample: expected 20 row numbers below 5000"):
        server.steps(name, definition(1), sample=golden)


NOTE = {"step": "pipeline.knnimputer", "class": "sklearn.impute.KNNImputer", "reason": "ties", "remedy": "drop it"}


@pytest.mark.parametrize(
    ("note", "said"), [(NOTE, "; likely cause: pipeline.knnimputer: answers of .*KNN.*: ties; drop it$"), (7, "$")]
)
def test_a_rejection_names_the_likely_cause(server: Server, name: str, note: object, said: str):
    sent = definition(1)
    sent = Definition(sent.outputs, sent.inputs, {**sent.metadata, "may_differ": [note]})
    server.send(sent)
    with fails("FAILED_PRECONDITION", "'decision_function', row 2: .*; 1 of 20 values are wrong" + said):
        server.steps(name, sent, sample=sample(1, off=0.01))
    version = server.deploy(name, sent, sample=sample(1))
    assert version.metadata["may_differ"] == [note]
    assert [line.rpartition(" ")[2] for line in version.may_differ] == (["it"] if note is NOTE else [])


def test_wrong_labels_are_rejected(server: Server, name: str):
    golden = sample(1)
    predict = golden.outputs[1]
    predict.CopyFrom(wire.column_to_proto("predict", ["maybe"] * predict.rows))
    server.send(definition(1))
    with fails("FAILED_PRECONDITION", "output 'predict', row 0: expected 'maybe', got '(yes|no)'; 20 of 20 values"):
        server.steps(name, definition(1), sample=golden)
    assert models(server, name) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.ClearField("inputs"), "sample: column 'x' is missing"),
        (lambda s: s.ClearField("outputs"), "sample: no outputs"),
        (lambda s: s.inputs.add().CopyFrom(wire.column_to_proto("y", np.zeros(20))), "sample: column 'y' is unknown"),
        (lambda s: s.inputs[0].MergeFrom(values_pb2.Column(rows=21)), "sample: column 'x': 21 rows"),
        (lambda s: s.inputs[0].MergeFrom(values_pb2.Column(type="f32")), "sample: column 'x'"),
        (lambda s: s.inputs[0].MergeFrom(values_pb2.Column(type="float")), "sample: column 'x': type 'float'"),
        (lambda s: s.outputs[0].MergeFrom(values_pb2.Column(name="score")), "sample: output 'score'"),
        (lambda s: s.outputs.pop(), None),
    ],
)
def test_samples_that_do_not_fit(server: Server, name: str, change, message: str | None):
    golden = sample(1)
    change(golden)
    server.send(definition(1))
    if message is None:
        assert server.steps(name, definition(1), sample=golden)
        return
    with fails("INVALID_ARGUMENT", message):
        server.steps(name, definition(1), sample=golden)
    assert models(server, name) == []


def test_an_object_that_was_never_uploaded(server: Server, name: str):
    lost = Parameter.of(np.arange(WIDTH) + 0.123).digest
    x = ops.Input("x", f"f64[{WIDTH}]")
    sent = Definition({"out": ops.Affine(x, Parameter.of(np.arange(WIDTH) + 0.123))}, (x,))
    with fails("FAILED_PRECONDITION", f"1 objects are missing: {lost}; they were never uploaded"):
        server.steps(name, sent)
    assert models(server, name) == []


def test_an_object_that_is_not_a_parameter(server: Server, name: str):
    message = wire.definition_to_proto(definition(1))
    junk = Digest.of(b"junk")
    server.upload([b"junk"])
    next(node for node in message.nodes if node.parameters).parameters["scale"].CopyFrom(wire.digest_to_proto(junk))
    server.send(definition(1))
    with fails("INVALID_ARGUMENT", f"object {junk} is not a parameter: blob of 4 bytes"):
        server.steps(name, message)


def node(operator: str, *inputs: int, **attributes: object) -> plan_pb2.Node:
    return plan_pb2.Node(operator=operator, inputs=inputs, attributes=wire.attributes_to_proto(attributes))


X = node("input", column="x", kind="f64[3]")
OUT = [plan_pb2.NamedOutput(name="out", node=1)]
ILLEGAL = {
    "empty": (plan_pb2.Definition(), "no output"),
    "unknown operator": ([X, node("teleport", 0)], "node 1: unknown operator 'teleport'"),
    "cycle": ([X, node("lowercase", 1)], "node 1 refers to node 1, of 1 before it"),
    "dangling reference": ([X, node("normalize", 9, norm="l2")], "node 1 refers to node 9"),
    "type error": ([X, node("lowercase", 0)], "node 1: lowercase"),
    "bad attribute": ([X, node("normalize", 0, norm="l7")], "node 1: normalize: norm: expected one of l1, l2, max"),
    "unknown attribute": ([X, node("normalize", 0, norm="l2", colour="red")], "unknown attribute 'colour'"),
    "wrong attribute type": ([X, node("normalize", 0, norm=3)], "normalize.norm: expected str, got int 3"),
    "missing attribute": ([X, node("normalize", 0)], "node 1"),
    "too few inputs": ([X, node("normalize", norm="l2")], "takes 1 inputs, 0 given"),
    "bad type": ([node("input", column="x", kind="f65"), node("normalize", 0, norm="l2")], "node 0: type 'f65'"),
}


@pytest.mark.parametrize("case", ILLEGAL)
def test_invalid_definitions(server: Server, name: str, case: str):
    nodes, message = ILLEGAL[case]
    sent = (
        nodes if isinstance(nodes, plan_pb2.Definition) else plan_pb2.Definition(nodes=nodes, inputs=[0], outputs=OUT)
    )
    with fails("INVALID_ARGUMENT", message):
        server.steps(name, sent)
    assert models(server, name) == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"model": ""}, "model name ''"),
        ({"model": "a@b"}, "model name 'a@b'"),
        ({"alias": "a b"}, "alias 'a b'"),
        (
            {"options": wire.attributes_to_proto({"speed": "ludicrous"})},
            "option 'speed' is unknown; expected one of weights",
        ),
        (
            {"options": wire.attributes_to_proto({"weights": "f8"})},
            "'weights': expected one of exact, f32, f16, sparse",
        ),
        ({"options": wire.attributes_to_proto({"weights": "f16"})}, "f16 needs a sample; send one"),
        ({"tolerance": pb.Tolerance(relative=-1)}, "tolerance: relative is -1.0"),
        ({"tolerance": pb.Tolerance(absolute=float("nan"))}, "tolerance: absolute is nan"),
        ({"options": {"empty": values_pb2.Attribute()}}, "attribute: no value"),
    ],
)
def test_requests_that_are_rejected(server: Server, name: str, more: dict[str, object], message: str):
    server.send(definition(1))
    with fails("INVALID_ARGUMENT", message):
        server.steps(name, definition(1), **more)
