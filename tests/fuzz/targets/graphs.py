"""Definition messages: arbitrary trees, before their parameters arrive."""

from pretzel.plan.definition import Definition
from pretzel.plan.wire.graphs import definition_to_proto, definition_tree
from pretzel.v1 import plan_pb2 as pb
from tests.fuzz.forms import PROTOBUF
from tests.fuzz.target import parsed
from tests.ops import harness

FORM = PROTOBUF


def seeds() -> list[bytes]:
    nodes = [node for case in harness.CASES.values() for node, _ in harness.drawn(case, 1)]
    return [definition_to_proto(Definition({"out": node})).SerializeToString() for node in nodes]


def run(data: bytes) -> None:
    message = pb.Definition()
    if not parsed(message, data):
        return
    definition_tree(message)
