"""Responses of many models: one result each, or matrices that hold the outputs of models whose outputs are alike."""

from __future__ import annotations

from pretzel.client.failures import call_failure
from pretzel.errors import PretzelError
from pretzel.plan.wire import columns_from_proto
from pretzel.plan.wire.blocks import Answered, members_of
from pretzel.v1 import prediction_pb2 as pb

Part = Answered | PretzelError


def parts_of(response: pb.PredictManyResponse, count: int, first_row: int) -> list[Part]:
    """Return the outputs of each of ``count`` models, or its error; outputs from a block are views of its matrices.

    Raises:
        PretzelError: the response is not one to ``count`` models.
    """
    parts: list[Part | None] = [None] * count
    for block in response.blocks:
        for position, answered in zip(block.models, members_of(block), strict=True):
            if position >= count or parts[position] is not None:
                raise PretzelError(f"received a block with model {position} of {count}; is the server another version?")
            parts[position] = answered
    missing = [i for i, part in enumerate(parts) if part is None]
    if len(response.results) != len(missing):
        raise PretzelError(f"requested {count} models, {len(missing)} without blocks, received {len(response.results)}")
    for i, result in zip(missing, response.results, strict=True):
        parts[i] = _part(result, first_row)
    return [part for part in parts if part is not None]


def _part(result: pb.ModelResult, first_row: int) -> Part:
    if result.WhichOneof("result") != "response":
        return call_failure(result.error, first_row)
    return Answered(result.response.version, columns_from_proto(result.response.columns))
