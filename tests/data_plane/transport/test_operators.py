"""Every operator with the rows of its cases: the hot path has the bytes of the ordinary one."""

from __future__ import annotations

import pytest

from pretzel.errors import DefinitionError
from pretzel.plan.definition import Definition
from pretzel.plan.values import Ragged, Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.transport.served import MODEL, Served
from tests.ops import harness

DRAWN = 6


@pytest.mark.parametrize("name", harness.CASES)
def test_cases_of_the_operator(name: str):
    answered = 0
    for node, values in harness.drawn(harness.CASES[name], DRAWN):
        try:
            served = Served(Definition({"out": node}))
        except DefinitionError:  # the case has rows that are not for the engine
            continue
        columns = {item.name: _sendable(item.type, values[item.name]) for item in served.executable.inputs}
        message = pb.PredictRequest(model=MODEL, columns=columns_to_proto(columns))
        answered += served.agree(message.SerializeToString())
    assert answered


def _sendable(kind, value):
    if kind.layout == "ragged":
        return Ragged.of(value, numbers=not kind.is_text)
    if kind.is_text and kind.width is not None:
        return Texts.of([text for row in value for text in row], kind.width)
    return value
