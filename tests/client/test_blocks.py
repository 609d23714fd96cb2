"""Responses of many models: blocks, results and errors, and responses that no server of ours sends."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel.client.blocks import Answered, parts_of
from pretzel.errors import InputError, PretzelError
from pretzel.plan.values import Csr, Labels
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

SCORES = np.arange(12.0).reshape(6, 2)


def block(models=(0, 2, 3), versions=(1, 5, 1), **columns) -> pb.ModelBlock:
    values = columns or {"score": SCORES, "label": Labels(np.array([0, 1, 1, 0, 1, 1]), ["no", "yes"])}
    return pb.ModelBlock(models=models, versions=versions, columns=columns_to_proto(values))


def result(**columns) -> pb.ModelResult:
    return pb.ModelResult(response=pb.PredictResponse(version=7, columns=columns_to_proto(columns)))


def error() -> pb.ModelResult:
    return pb.ModelResult(error=pb.CallError(code=3, message="row 2: too large"))


def test_models_get_views_of_the_matrix():
    parts = parts_of(pb.PredictManyResponse(results=[result(x=np.ones(2)), error()], blocks=[block()]), 5, 10)
    assert [part.version for part in parts if isinstance(part, Answered)] == [1, 7, 5, 1]
    assert isinstance(parts[4], InputError) and str(parts[4]) == "row 12: too large"
    for part, rows in ((parts[0], [0, 1]), (parts[2], [2, 3]), (parts[3], [4, 5])):
        np.testing.assert_array_equal(part.values["score"], SCORES[rows])
        assert part.values["label"].codes.tolist() == [[0, 1], [1, 0], [1, 1]][rows[0] // 2]
        assert part.values["label"].labels == ["no", "yes"]
    assert np.shares_memory(parts[0].values["score"].base, parts[3].values["score"].base)


def test_a_server_that_knows_no_blocks():
    parts = parts_of(pb.PredictManyResponse(results=[result(x=np.ones(2)), error()]), 2, 0)
    assert isinstance(parts[0], Answered) and isinstance(parts[1], InputError)


def test_no_rows():
    parts = parts_of(pb.PredictManyResponse(blocks=[block((0, 1), (1, 1), x=np.zeros((0, 3)))]), 2, 0)
    assert [part.values["x"].shape for part in parts] == [(0, 3), (0, 3)]


@pytest.mark.parametrize(
    "response",
    [
        pb.PredictManyResponse(results=[error()] * 2),
        pb.PredictManyResponse(blocks=[block()], results=[error()] * 2),
        pb.PredictManyResponse(blocks=[block((0, 0, 1))]),
        pb.PredictManyResponse(blocks=[block((0, 1, 4))]),
        pb.PredictManyResponse(blocks=[block(versions=(1, 2))]),
        pb.PredictManyResponse(blocks=[block((0, 1, 2, 3), (1, 1, 1, 1))]),
        pb.PredictManyResponse(blocks=[block((0, 1, 2), x=Csr.of(np.eye(3)))]),
    ],
    ids=["few", "many", "twice", "beyond", "versions", "rows", "sparse"],
)
def test_other_responses_are_errors(response: pb.PredictManyResponse):
    with pytest.raises(PretzelError):
        parts_of(response, 4, 0)
