"""Rows of logged calls: for each model and row, the values of the columns and of the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.data_plane.telemetry.recording import Run
from pretzel.data_plane.telemetry.request_log.entry import Entry
from pretzel.data_plane.telemetry.request_log.redaction import Redaction
from pretzel.plan.model import ModelVersion, array_columns, inputs_of
from pretzel.plan.values import Csr, Labels, Ragged, Texts

Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Logged:
    """One row of a call, or a call without rows because it failed."""

    entry: Entry
    version: ModelVersion | None = None
    row: int | None = None
    rows: int = 0
    """Rows of the call, of which the first are logged."""
    inputs: Mapping[str, Any] | None = None
    outputs: Mapping[str, Any] | None = None


def rows_of(entry: Entry, redaction: Redaction, most: int) -> Iterator[Logged]:
    """Yield the first rows of each model of a call; one without values if it failed."""
    if not entry.runs:
        yield Logged(entry)
    for run in entry.runs:
        for place, version in enumerate(run.versions):
            inputs = redaction.apply(inputs_by_name(run, version, most))
            outputs = redaction.apply(_outputs(run, place, most))
            for row in range(min(run.rows, most)):
                yield Logged(entry, version, row, run.rows, _at(inputs, row), _at(outputs, row))


def inputs_by_name(run: Run, version: ModelVersion, most: int) -> Columns:
    """Return the first values by column; an array's columns have the names that the model knows, or positions."""
    described = inputs_of(version, run.inputs)
    if len(described) == 1 and (name := described[0].name) in run.columns:
        columns, value = array_columns(described, version.metadata), run.columns[name]
        if isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] == len(columns):
            return {column.name: value[:most, i].tolist() for i, column in enumerate(columns)}
    return {item.name: values_of(run.columns[item.name], most) for item in described if item.name in run.columns}


def _outputs(run: Run, place: int, most: int) -> Columns:
    """Return the first values of one model's outputs; in a joint run they have its place before their names."""
    start = f"{place}/" if len(run.versions) > 1 else ""
    return {
        name.removeprefix(start): values_of(value, most)
        for name, value in run.results.items()
        if name.startswith(start)
    }


def values_of(value: Any, most: int) -> list[Any]:
    """Return the first rows of a column as Python values: a row of a sparse matrix as a dictionary by position."""
    if isinstance(value, Texts):
        return _texts(value, most)
    if isinstance(value, Labels):
        return [_plain(value.labels[code]) for code in value.codes[:most].tolist()]
    if isinstance(value, Csr):
        bounds = value.starts[: most + 1].tolist()
        places, numbers = value.indices[: bounds[-1]].tolist(), value.data[: bounds[-1]].tolist()
        return [dict(zip(map(str, places[a:b]), numbers[a:b], strict=True)) for a, b in _pairs(bounds)]
    if isinstance(value, Ragged):
        bounds = value.starts[: most + 1].tolist()
        items = values_of(value.items, bounds[-1])
        return [items[a:b] for a, b in _pairs(bounds)]
    found: list[Any] = value[:most].tolist() if isinstance(value, np.ndarray) else list(value[:most])
    return found


def _texts(texts: Texts, most: int) -> list[Any]:
    count = most * (texts.width or 1)
    lengths = texts.lengths[:count]
    data = texts.data[: int(lengths.sum(dtype=np.int64))]
    missing = None if texts.missing is None else texts.missing[:count]
    values: list[Any] = [None if text != text else text for text in Texts(data, lengths, missing).tolist()]
    if texts.width is None:
        return values
    return [values[i : i + texts.width] for i in range(0, len(values), texts.width or 1)]


def _pairs(bounds: list[int]) -> Iterator[tuple[int, int]]:
    return zip(bounds, bounds[1:], strict=False)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def _at(columns: Columns, row: int) -> dict[str, Any]:
    return {name: values[row] for name, values in columns.items()}
