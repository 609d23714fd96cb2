"""Random rows for a trace: the columns that its function gets, and the results of its operators."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.importers.tracing.constants import texts_of
from pretzel.importers.tracing.random_dates import as_dates, date_texts, random_ticks
from pretzel.importers.tracing.random_numbers import number_texts
from pretzel.importers.tracing.random_texts import random_texts
from pretzel.importers.tracing.trace import Given, Result
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.reference import evaluate

ROWS = 160
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, 1e-9, -1e6, 1e15)
WHOLE = (0, 1, -1, 2, 7, 24, 1000, 65_000)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the input, and the results of a trace for them."""

    definition: Definition
    columns: dict[str, Any]
    traced: list[np.ndarray]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values())))


def random_rows(function: Callable[..., Any], given: Given, result: Result) -> Rows:
    """Return random rows that the operators of a trace do not reject."""
    definition = definition_of(given, result)
    columns, _ = accepted(definition, drawn(given, result, np.random.default_rng(0), texts_of(function)))
    return Rows(definition, columns, results_of(definition, columns))


def rows_at(rows: Rows, which: Any) -> Rows:
    """Return some of the rows."""
    at = np.asarray(which, np.int64)
    return Rows(rows.definition, rows_of(rows.columns, at), [values[at] for values in rows.traced])


def evaluated(definition: Definition, columns: dict[str, Any]) -> Rows | None:
    """Return rows with their results; None if the operators reject one."""
    try:
        return Rows(definition, columns, results_of(definition, columns))
    except InputError:
        return None


def definition_of(given: Given, result: Result) -> Definition:
    """Return the operators of a trace."""
    return Definition({f"c{i}": node for i, node in enumerate(result.parts)}, given.inputs)


def drawn(given: Given, result: Result, rng: np.random.Generator, read: Sequence[str], most: int = 0) -> dict[str, Any]:
    """Return rows with special numbers, the constants of the trace and their neighbours, and texts of its function."""
    constants = _constants(result.parts)
    dates = dict(given.dates)
    return {
        node.column: random_ticks(dates[node.column], result.parts, ROWS, rng)
        if node.column in dates
        else _random_values(node, result, constants, rng, read, most)
        for node in given.inputs
    }


def _random_values(
    node: ops.Input, result: Result, constants: np.ndarray, rng: np.random.Generator, read: Sequence[str], most: int
) -> Any:
    if not node.type.is_text:
        return _values(node, constants, rng)
    known = date_texts(node, result.parts, ROWS, rng) or number_texts(node, result.parts, ROWS, rng)
    return known or random_texts(result.parts, ROWS, rng, read, most)


def _constants(roots: Sequence[Node]) -> np.ndarray:
    parameters = [parameter for node in topological(roots) for parameter in node.parameters.values()]
    arrays = [parameter.array for parameter in parameters if parameter.dtype != "str"]
    numbers = [np.asarray(array, np.float64).ravel() for array in arrays if array.dtype.kind in "biuf"]
    found = np.unique(np.concatenate([*numbers, [0.0, 1.0]]))[:64]
    return np.concatenate([found, np.nextafter(found, np.inf), np.nextafter(found, -np.inf)])


def _values(node: ops.Input, constants: np.ndarray, rng: np.random.Generator) -> Any:
    kind = node.type
    shape = (ROWS,) if kind.width is None else (ROWS, kind.width)
    if kind.dtype == "bool":
        return rng.random(shape) < 0.5
    choices = [rng.integers(-3, 40, shape).astype(float), rng.lognormal(1, 2, shape), rng.normal(0, 3, shape)]
    choices += [rng.choice(constants, shape), rng.choice(np.asarray(SPECIAL if kind.is_float else WHOLE, float), shape)]
    mixed = np.choose(rng.integers(0, len(choices), shape), choices)
    mixed[:4] = np.abs(choices[0][:4]) + 1
    if kind.is_float:
        return mixed.astype(kind.numpy)
    limits = np.iinfo(kind.numpy)
    low, high = max(limits.min, -(2**20)), min(limits.max, 2**20)
    return np.clip(np.nan_to_num(mixed), low, high).astype(kind.numpy)


def accepted(definition: Definition, columns: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Return the rows that the operators do not reject, and the numbers of the others."""
    try:
        results_of(definition, columns)
    except InputError:
        kept = [i for i in range(ROWS) if accepts(definition, rows_of(columns, [i]))]
        return rows_of(columns, kept), sorted({*range(ROWS)} - {*kept})
    return columns, []


def accepts(definition: Definition, columns: dict[str, Any]) -> bool:
    """Return whether the operators reject no row."""
    try:
        results_of(definition, columns)
    except InputError:
        return False
    return True


def rows_of(columns: dict[str, Any], which: Any) -> dict[str, Any]:
    """Return some rows of columns."""
    return {
        name: [values[i] for i in which] if isinstance(values, list) else values[np.asarray(which, np.int64)]
        for name, values in columns.items()
    }


def results_of(definition: Definition, columns: dict[str, Any]) -> list[np.ndarray]:
    """Return what the operators compute, by their references."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        values = evaluate(definition, columns)
    return [
        np.asarray(values[f"c{i}"], object if isinstance(values[f"c{i}"], list) else None) for i in range(len(values))
    ]


def table_of(given: Given, rows: dict[str, Any]) -> Any:
    """Return random rows as the table that a function gets."""
    assert given.names is not None
    pandas = importlib.import_module("pandas")
    dates, types = dict(given.dates), dict(given.text_types)
    held = [_held(node, rows[node.column], dates.get(node.column), types.get(node.column)) for node in given.inputs]
    return pandas.DataFrame(dict(zip(given.names, held, strict=True)))


def _held(node: ops.Input, values: Any, form: str | None, text_type: str | None) -> Any:
    """Return random values as a pandas table holds them."""
    if form is not None:
        return as_dates(values, form)
    return _as_texts(values, text_type) if node.type.is_text else values


def _as_texts(values: list[Any], text_type: str | None) -> Any:
    """Return a series of a type of texts, that of pandas itself without another; also if all are missing."""
    pandas = importlib.import_module("pandas")
    return pandas.Series(values, dtype=text_type or own_type())


def own_type() -> str:
    """Return the type in which pandas reads texts."""
    return str(importlib.import_module("pandas").Series(["a"]).dtype)
