"""Blocks of a response for many models: matrices that hold the outputs of models whose outputs are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pretzel.errors import PretzelError
from pretzel.plan.values import Labels
from pretzel.plan.wire.columns import Value, columns_from_proto
from pretzel.v1 import prediction_pb2 as pb


@dataclass(frozen=True, slots=True)
class Answered:
    """The outputs of one model, and the version that answered."""

    version: int
    values: dict[str, Value]


def members_of(block: pb.ModelBlock) -> Iterator[Answered]:
    """Yield the outputs of each model of a block, as views of its matrices.

    Raises:
        PretzelError: the matrices are not of that many models.
    """
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
