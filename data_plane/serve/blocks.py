"""Blocks of a response for many models: the outputs of models whose outputs are alike, as one column per output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.serve.packing import label_table, numbers_of
from pretzel.data_plane.transport.lists import head_of_block
from pretzel.data_plane.transport.parts import Part, delimited
from pretzel.plan.types import DTYPE_NAMES
from pretzel.plan.values import Labels
from pretzel.v1 import prediction_pb2 as pb

_BLOCKS = pb.PredictManyResponse.DESCRIPTOR.fields_by_name["blocks"].number
_COLUMNS = pb.ModelBlock.DESCRIPTOR.fields_by_name["columns"].number
Result = tuple[Route | None, dict[str, Any] | Exception]
Signature = tuple[tuple[str, ...], ...]


def groups_of(results: Sequence[Result]) -> list[list[int]]:
    """Return the positions of models whose outputs are alike, in groups of two or more."""
    groups: dict[Signature, list[int]] = {}
    for i, (route, outcome) in enumerate(results):
        if route is not None and not isinstance(outcome, Exception) and (key := _signature(route, outcome)):
            groups.setdefault(key, []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def block_field(group: Sequence[int], results: Sequence[Result]) -> list[Part]:
    """Return the parts of one group's block, as a field of the response."""
    routes: list[Route] = [results[i][0] for i in group]  # type: ignore[misc]
    outcomes: list[dict[str, Any]] = [results[i][1] for i in group]  # type: ignore[misc]
    parts: list[Part] = [head_of_block(group, [route.version.version for route in routes])]
    for name in outcomes[0]:
        values = [outcome[name] for outcome in outcomes]
        parts += delimited(_COLUMNS, list(numbers_of(name, values, routes[0].entry.tables)))
    return delimited(_BLOCKS, parts)


def _signature(route: Route, outcome: Mapping[str, Any]) -> Signature:
    """Return what models in one block have in common; empty if an output is neither numbers nor labels."""
    kinds = [_kind(route, name, value) for name, value in outcome.items()]
    return tuple(kinds) if all(kinds) else ()


def _kind(route: Route, name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, Labels):
        return name, "labels", label_table(name, value, route.entry.tables).SerializeToString().hex()
    if not isinstance(value, np.ndarray) or value.dtype not in DTYPE_NAMES or value.ndim not in (1, 2):
        return ()
    return name, str(value.dtype), *map(str, value.shape[1:])
