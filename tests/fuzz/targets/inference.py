"""Requests of the Open Inference Protocol: tensors in both forms, for models of arrays and of tables."""

import numpy as np

from pretzel.data_plane.oip.columns import columns_of
from pretzel.data_plane.oip.parameters import options_of
from pretzel.data_plane.oip.requests import requested_of, tensors_of
from pretzel.data_plane.oip.shared_memory import Regions
from pretzel.data_plane.oip.signature import Signature, Spec
from pretzel.engine.columns import bind_column
from pretzel.inference import service_pb2 as pb
from pretzel.plan.model import ColumnDescription
from pretzel.plan.types import ValueType
from tests.data_plane.control import NOTHING, version
from tests.data_plane.oip.messages import request
from tests.fuzz.forms import PROTOBUF
from tests.fuzz.target import parsed

FORM = PROTOBUF
KINDS = ("f64", "f32", "i8", "u64", "bool", "str", "str[2]", "str[*]", "f64[*]", "f64{3}")
MODELS = [("X", {"X": "f64[3]"}), ("a", {"a": "f64", "b": "i32"}), ("f64", {kind: kind for kind in KINDS})]


def signature(inputs: dict[str, str]) -> Signature:
    kinds = {name: ValueType.parse(kind) for name, kind in inputs.items()}
    specs = {name: Spec(name, kind, "BYTES" if kind.is_text else "FP64") for name, kind in kinds.items()}
    names = list(map(str, range(3))) if "X" in inputs else ["a", "b"] if "a" in inputs else []
    columns = tuple(ColumnDescription(name, kinds.get(name, ValueType("f64"))) for name in names)
    return Signature(
        version("m", 1, NOTHING), specs, {"predict": Spec("predict", ValueType("f64"), "FP64")}, columns, {}
    )


SIGNATURES = {first: signature(inputs) for first, inputs in MODELS}


def seeds() -> list[bytes]:
    text = np.array([["a", "\xe4"], ["", "b"]], object)
    requests = []
    for typed in (False, True):
        requests += [
            request("X", "predict", typed=typed, X=np.arange(6.0).reshape(2, 3)),
            request("X", typed=typed, **{str(i): np.arange(2.0) for i in range(3)}),
            request("a", typed=typed, a=np.arange(2, dtype=np.int64), b=np.arange(2, dtype=np.int8)),
            request("a", typed=typed, X=np.ones((1, 2), bool)),
            request(
                "f64",
                typed=typed,
                **{"str[2]": text, "str[*]": text, "f64[*]": np.ones((2, 2)), "f64{3}": np.eye(3)[:2]},
            ),
        ]
    requests[0].parameters["timeout"].int64_param = 5
    requests[0].outputs[0].parameters["classification"].int64_param = 2
    return [message.SerializeToString() for message in requests]


def run(data: bytes) -> None:
    message = pb.ModelInferRequest()
    if not parsed(message, data):
        return
    found = SIGNATURES.get(message.model_name) or SIGNATURES["f64"]
    regions = Regions(enabled=True)
    options_of(message.parameters)
    requested_of(message.outputs, found, regions)
    columns = columns_of(tensors_of(message, found, regions), found)
    assert len({len(column) for column in columns.values()}) <= 1
    for name, column in columns.items():
        bind_column(name, found.inputs[name].type, column)
