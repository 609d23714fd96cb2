"""Files of rows, by their format: CSV, TSV, lines of text, lines of JSON, Parquet."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from pretzel.cli.rows import batches, grouped, matrix
from pretzel.errors import InputError, UnsupportedError
from pretzel.plan.definition import Definition
from pretzel.plan.model import ModelDescription

Format = Literal["auto", "csv", "tsv", "lines", "jsonl", "parquet"]
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_DELIMITERS: dict[str, str | None] = {"csv": ",", "tsv": "\t", "lines": None}


def read(path: Path | None, format: Format, description: ModelDescription, count: int) -> Iterator[Any]:
    """Yield what a file, or standard input, holds in the form that the model takes, so many rows at a time.

    Raises:
        InputError: the file is not of its format, or holds what the model does not take.
        UnsupportedError: the library that reads the format is not installed.
    """
    kind = format_of(path) if format == "auto" else format
    if kind == "parquet":
        yield from _parquet(path, description, count)
        return
    with _opened(path) as file:
        if kind == "jsonl":
            yield from grouped(_documents(file, path), count)
        else:
            yield from batches(file, _DELIMITERS[kind], description, count)


def format_of(path: Path | None) -> Format:
    """Return the format of a file with that name; lines where its name does not tell."""
    return _SUFFIXES.get(path.suffix.lower() if path else "", "lines")


def read_sample(path: Path, model: Any) -> Any:
    """Return the rows of a sample as the estimator takes them.

    Raises:
        InputError: the model is a definition, which cannot answer them.
        UnsupportedError: a library that reads the file, or that the estimator was fitted on, is not installed.
    """
    if isinstance(model, Definition):
        raise InputError(
            "a saved definition cannot answer a sample; deploy the estimator's own file to have it verified"
        )
    if getattr(model, "feature_names_in_", None) is not None:
        return _frame(path, model)
    rows = _plain(path, getattr(model, "n_features_in_", None) is not None)
    if not len(rows):
        raise InputError(f"{path}: the sample has no rows")
    return rows


def _plain(path: Path, numbers: bool) -> Any:
    """Return rows of numbers as a matrix, and others as a list of whatever they are."""
    kind = format_of(path)
    if kind == "parquet":
        table = _library("pyarrow.parquet", path).read_table(path)
        return _matrix(table) if numbers else _only(table, path).to_pylist()
    with _opened(path) as file:
        if kind == "jsonl":
            documents = list(_documents(file, path))
            return np.array(documents, float) if numbers else documents
        return matrix(file, _DELIMITERS[kind]) if numbers else [line.rstrip("\n") for line in file]


def _frame(path: Path, model: Any) -> Any:
    pandas = _library("pandas", path)
    kind = format_of(path)
    readers = {"parquet": pandas.read_parquet, "jsonl": lambda file: pandas.read_json(file, lines=True)}
    reader = readers.get(kind, lambda file: pandas.read_csv(file, sep=_DELIMITERS[kind] or ","))
    try:
        frame = reader(path)
    except ValueError as error:  # of which the errors of pandas and pyarrow are
        raise InputError(f"{path}: it cannot be read as {kind} ({error})") from None
    if kind in _DELIMITERS and not isinstance(frame.index, pandas.RangeIndex):  # pandas takes the first for names
        raise InputError(f"{path}: its rows have more cells than its header")
    # LightGBM writes underscores for spaces, and takes the file's names too.
    written = {str(name).replace(" ", "_"): name for name in frame.columns}
    names = [name if name in frame.columns else written.get(name, name) for name in model.feature_names_in_]
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise InputError(
            f"{path}: column {missing[0]!r} is missing; the file has {', '.join(map(repr, frame.columns))}"
        )
    return frame[names]


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    """Open a file of text, or standard input; the mark that spreadsheets put in front is no part of the text."""
    try:
        if path is None:
            yield sys.stdin
            return
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield file
    except UnicodeDecodeError as error:
        raise InputError(f"{path or 'standard input'}: it is not UTF-8 ({error}); save it as UTF-8") from None


def _documents(file: Iterable[str], path: Path | None) -> Iterator[Any]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise InputError(f"{path or 'standard input'}, line {number}: not JSON ({error})") from None


def _parquet(path: Path | None, description: ModelDescription, count: int) -> Iterator[Any]:
    if path is None:
        raise InputError("Parquet is read from its end: give the file's name, not standard input")
    library = _library("pyarrow.parquet", path)
    style = description.version.metadata.get("input_style")
    try:
        for batch in library.ParquetFile(path).iter_batches(count):
            yield _shaped(batch, style, path)
    except (OSError, ValueError) as error:  # of which pyarrow's own are
        raise error if isinstance(error, InputError) else InputError(f"{path}: not Parquet ({error})") from None


def _shaped(batch: Any, style: str | None, path: Path) -> Any:
    if style == "records":  # a table has every name in every row: what is null is not there
        return [{name: value for name, value in row.items() if value is not None} for row in batch.to_pylist()]
    return _only(batch, path) if style in ("texts", "lists") else batch


def _only(table: Any, path: Path) -> Any:
    if len(table.column_names) != 1:
        found: Sequence[str] = table.column_names
        raise InputError(f"{path}: the model takes one column, and the file has {', '.join(map(repr, found))}")
    return table.column(0)


def _matrix(table: Any) -> np.ndarray:
    return np.column_stack([column.to_numpy() for column in table.columns])


def _library(name: str, path: Path) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        package = name.partition(".")[0]
        raise UnsupportedError(f"{path}: reading it needs {package}; pip install {package}") from None
