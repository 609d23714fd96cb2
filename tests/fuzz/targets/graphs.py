"""Definitions as messages: trees of anything, before any parameter is there."""

from pretzel.plan.definition import Definition
from pretzel.plan.wire.graphs import definition_to_proto, definition_tree
from pretzel.v1 import plan_pb2 as pb
from tests.fuzz import plans
from tests.fuzz.forms import PROTOBUF
from tests.ops import harness

FORM = PROTOBUF


def seeds() -> list[bytes]:
    nodes = [node for case in harness.CASES.values() for node, _ in plans.drawn(case, 1)]
    return [definition_to_proto(Definition({"out": node})).SerializeToString() for node in nodes]


def run(data: bytes) -> None:
    message = pb.Definition()
    try:
        message.ParseFromString(data)
    except Exception:  # gRPC refuses what is no message
        return
    definition_tree(message)
