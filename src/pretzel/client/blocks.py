"""Responses of many models: one result each, or matrices that hold the outputs of models whose outputs are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pretzel.client.failures import call_failure
from pretzel.errors import PretzelError
from pretzel.plan.values import Labels
from pretzel.plan.wire import Value, columns_from_proto
from pretzel.v1 import prediction_pb2 as pb


@dataclass(frozen=True, slots=True)
class Answered:
    """The outputs of one model, and the version that answered."""

    version: int
    values: dict[str, Value]


Part = Answered | PretzelError


def parts_of(response: pb.PredictManyResponse, count: int, first_row: int) -> list[Part]:
    """Return the outputs of each of ``count`` models, or its error; outputs from a block are views of its matrices.

    Raises:
        PretzelError: the response is not one to ``count`` models.
    """
    parts: list[Part | None] = [None] * count
    for block in response.blocks:
        for position, answered in zip(block.models, _members(block), strict=True):
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


def _members(block: pb.ModelBlock) -> Iterator[Answered]:
    """Yield the outputs of each model of a block."""
    count = len(block.models)
    values = columns_from_proto(block.columns)
    if len(block.versions) != count or any(len(value) % count for value in values.values()):
        raise PretzelError(f"received a block of {count} models with other rows; is the server another version?")
    pieces = {name: _split(value, count) for name, value in values.items()}
    for i, version in enumerate(block.versions):
        yield Answered(version, {name: piece[i] for name, piece in pieces.items()})


def _split(value: Value, count: int) -> list[Value]:
    """Return the rows of each model, as views of one matrix that is the caller's."""
    if isinstance(value, Labels):
        return [Labels(codes, value.labels) for codes in value.codes.reshape(count, -1)]
    if not isinstance(value, np.ndarray):
        raise PretzelError(f"received a block of {type(value).__name__}; is the server another version?")
    return list(value.copy().reshape(count, len(value) // count, *value.shape[1:]))
