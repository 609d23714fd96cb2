"""Rows from files and to files: CSV, TSV, lines of text.

An empty cell is missing (NaN), as pandas reads it.  A first row in which no cell is a number is a header.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from pretzel.errors import InputError, UnsupportedError
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription, ModelDescription

Row = Sequence[str]
NAN = float("nan")


def batches(file: TextIO, delimiter: str | None, description: ModelDescription, count: int) -> Iterator[Any]:
    """Yield what the file holds in the form that the model takes, so many rows at a time."""
    metadata = description.version.metadata
    if metadata.get("input_style") == "texts" and delimiter is None:
        yield from _grouped((line.rstrip("\n") for line in file), count)
        return
    header, rows = _header(csv.reader(file, delimiter=delimiter or ","))
    for group in _grouped(_even(rows, header), count):
        yield _shaped(group, header, description)


def read_sample(path: Path, model: Any) -> Any:
    """Return the rows of a sample as the estimator takes them.

    Raises:
        InputError: the model is a definition, which cannot answer them.
        UnsupportedError: the estimator takes a DataFrame, and pandas is not installed.
    """
    if isinstance(model, Definition):
        raise InputError(
            "a saved definition cannot answer a sample; deploy the estimator's own file to have it verified"
        )
    if getattr(model, "feature_names_in_", None) is not None:
        return _pandas(path, model)
    with path.open(newline="", encoding="utf-8") as file:
        if getattr(model, "n_features_in_", None) is None:
            return [line.rstrip("\n") for line in file]
        header, rows = _header(csv.reader(file, delimiter=delimiter_of(path) or ","))
        return np.array([[_number(cell, i) for cell in row] for i, row in enumerate(_even(rows, header))])


def delimiter_of(path: Path | None) -> str | None:
    """Return what stands between the cells of a file with that name; None where it holds lines, or cannot be told."""
    return {".csv": ",", ".tsv": "\t"}.get(path.suffix.lower() if path else "")


class Writer:
    """Writes answers as CSV, or as one JSON document a row."""

    def __init__(self, file: TextIO, method: str, labels: Sequence[Any] | None, as_json: bool) -> None:
        self.file, self.method, self.labels, self.as_json = file, method, labels, as_json
        self.rows = 0
        self._csv = csv.writer(file, lineterminator="\n")

    def write(self, answer: Any) -> None:
        """Write the answer to one batch; the first one writes the header too."""
        array = np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
        matrix = array.reshape(len(array), -1)
        names = self._names(array, matrix.shape[1])
        if self.rows == 0 and not self.as_json:
            self._csv.writerow(names)
        self.rows += len(array)
        if self.as_json:
            self.file.writelines(json.dumps(_jsonable(names, row)) + "\n" for row in matrix.tolist())
        else:
            self._csv.writerows(matrix.tolist())
        self.file.flush()

    def _names(self, array: np.ndarray, width: int) -> list[str]:
        if array.ndim == 1:
            return [self.method]
        labels = self.labels if self.labels is not None and len(self.labels) == width else range(width)
        return [f"{self.method}_{label}" for label in labels]


def _jsonable(names: list[str], row: list[Any]) -> dict[str, Any]:
    odd = (isinstance(value, float) and not math.isfinite(value) for value in row)
    return {name: str(v) if strange else v for name, v, strange in zip(names, row, odd, strict=True)}


def _grouped(items: Iterable[Any], count: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while group := list(itertools.islice(iterator, count)):
        yield group


def _header(rows: Iterator[Row]) -> tuple[Row | None, Iterator[Row]]:
    first = next(rows, None)
    if first is None:
        return None, iter(())
    if any(_is_number(cell) for cell in first):
        return None, itertools.chain([first], rows)
    return first, rows


def _even(rows: Iterable[Row], header: Row | None) -> Iterator[Row]:
    """The rows that hold anything, each as long as the first."""
    width = len(header) if header else None
    for i, row in enumerate(rows):
        if not row:
            continue
        width = width or len(row)
        if len(row) != width:
            raise InputError(f"row {i}: expected {width} cells, got {len(row)}")
        yield row


def _shaped(rows: list[Row], header: Row | None, description: ModelDescription) -> Any:
    style = description.version.metadata.get("input_style")
    if style == "texts":
        return _documents(rows)
    columns = [list(column) for column in zip(*rows, strict=True)]
    if style == "frame":
        return _frame(columns, header, description)
    number = not description.inputs[0].type.is_text
    cells = [_cells(column, number) for column in columns]
    one = description.inputs[0].type.width is None
    return cells[0] if one and len(cells) == 1 else np.array(cells, float if number else object).T


def _documents(rows: list[Row]) -> list[str]:
    if len(rows[0]) != 1:
        raise InputError(f"the model takes documents, and the file has {len(rows[0])} columns; give the one of text")
    return [row[0] for row in rows]


def _frame(columns: list[list[str]], header: Row | None, description: ModelDescription) -> dict[str, list[Any]]:
    inputs = {item.name: item for item in description.inputs}
    names = header or description.version.metadata.get("feature_names") or list(inputs)
    if len(names) != len(columns):
        raise InputError(f"the file has {len(columns)} columns and no header; the model takes {len(names)}")
    return {
        name: _cells(column, not _takes_text(inputs.get(name))) if name in inputs else column
        for name, column in zip(names, columns, strict=True)
    }


def _takes_text(described: InputDescription | None) -> bool:
    return described is not None and described.type.is_text


def _cells(column: list[str], number: bool) -> list[Any]:
    return [_number(cell, i) for i, cell in enumerate(column)] if number else [cell or NAN for cell in column]


def _number(cell: str, row: int) -> float:
    try:
        return float(cell) if cell.strip() else NAN
    except ValueError:
        raise InputError(f"row {row}: expected a number, got {cell[:40]!r}") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _pandas(path: Path, model: Any) -> Any:
    try:
        pandas = import_module("pandas")
    except ModuleNotFoundError:
        raise UnsupportedError(f"{path}: the estimator takes a DataFrame; pip install pandas") from None
    frame = pandas.read_csv(path, sep=delimiter_of(path) or ",")
    missing = [name for name in model.feature_names_in_ if name not in frame.columns]
    if missing:
        raise InputError(
            f"{path}: column {missing[0]!r} is missing; the file has {', '.join(map(repr, frame.columns))}"
        )
    return frame[list(model.feature_names_in_)]
