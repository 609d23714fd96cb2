"""Request columns: messages of numbers, texts, sparse and ragged rows, labels."""

import numpy as np

from pretzel.engine.columns import bind_column
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.plan.wire.columns import column_from_proto, column_to_proto
from pretzel.v1 import values_pb2 as pb
from tests.fuzz.forms import PROTOBUF
from tests.fuzz.target import parsed

FORM = PROTOBUF
VALUES = [
    np.arange(6.0).reshape(2, 3),
    np.array([True, False]),
    Texts.of(["a", None, "äö", float("nan")]),
    Texts.of(["a", "b", "", "𝔘"], 2),
    Csr.of(np.array([[0.0, 1.5], [2.0, 0.0]])),
    Ragged.of([["a", "bc"], [], ["ä"]]),
    Ragged.of([[1.0], [], [2.0, 3.0]], numbers=True),
    Labels(np.array([1, 0]), ["no", "yes"]),
    Labels(np.array([1, 0]), np.array([2, 5])),
]


def seeds() -> list[bytes]:
    return [column_to_proto("x", value).SerializeToString() for value in VALUES]


def run(data: bytes) -> None:
    message = pb.Column()
    if not parsed(message, data):
        return
    value = column_from_proto(message)
    assert len(value) == message.rows
    if not isinstance(value, Labels):
        bind_column("x", ValueType.parse(message.type), value)
    if isinstance(value, (Texts, Ragged)):
        assert len(value.tolist()) >= 0
