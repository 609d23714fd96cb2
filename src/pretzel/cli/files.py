"""Rows of files and of standard input, for the commands that take some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pretzel.cli.tables import delimited, lines
from pretzel.cli.tables.batch import Batch
from pretzel.cli.tables.header import refused
from pretzel.cli.tables.parquet import Parquet
from pretzel.cli.tables.reading import Format, Reading
from pretzel.cli.tables.reads import Reads, of_estimator
from pretzel.cli.tables.source import Source, opened
from pretzel.errors import InputError
from pretzel.plan.definition import Definition

Told = Callable[[int, int | None, str], None]
"""Called as a file is read: with how much of it was, of how much if that is known, and whether in rows or bytes."""
AS_IT_IS = Reading()
"""The reading options used where the caller gives none."""
_DELIMITERS = {"csv": ",", "tsv": "\t"}


def read(
    path: Path | None, reads: Reads, reading: Reading, count: int | None, told: Told = lambda done, total, unit: None
) -> Iterator[Batch]:
    """Yield what a file, or standard input, holds in the form that a model takes, so many rows at a time.

    Args:
        path: the file; None for standard input.
        reads: what the model takes.
        reading: what the user says of the file.
        count: rows in a batch; None for all in one.
        told: is called before each batch.

    Raises:
        InputError: the file is not of its format, can be read in two ways, or holds what the model does not take.
        UnsupportedError: the library that reads the format is not installed.
    """
    with opened(path) as source:
        format = _format(source, reads, reading)
        if format == "parquet":
            file = Parquet(source.seekable(), source.label)
            for batch in file.batches(reads, reading, count):
                told(batch.lines[0] - 1 if len(batch) else 0, file.rows, "rows")
                yield batch
            return
        for batch in _texts(source, format, reads, reading, count):
            told(source.position(), source.size, "bytes")
            yield batch


def read_sample(path: Path, model: Any, reading: Reading = AS_IT_IS) -> Any:
    """Return the rows of a sample as the estimator takes them.

    Raises:
        InputError: the model is a definition, which cannot answer them; or as :func:`read` says.
        UnsupportedError: a library that reads the file, or that the estimator was fitted on, is not installed.
    """
    return sample_batch(path, model, reading).X


def sample_batch(path: Path, model: Any, reading: Reading) -> Batch:
    """Return the rows of a sample as :func:`read_sample` does, with their lines."""
    if isinstance(model, Definition):
        raise InputError(
            "a saved definition cannot answer a sample; deploy the estimator's own file to have it verified"
        )
    batch = next(read(path, of_estimator(model), reading, None), None)
    if batch is None or not len(batch):
        raise InputError(f"{path}: the sample has no rows")
    return batch


def _format(source: Source, reads: Reads, reading: Reading) -> Format:
    format = reading.format
    if format == "auto" and reading.delimiter is not None:
        format = "csv"
    elif format == "auto":
        format = source.format(documents=reads.style == "texts" and reading.header is None and not reading.columns)
    if format not in _DELIMITERS and reading.of_tables_only:
        given = ", ".join(reading.of_tables_only)
        raise refused(
            f"{source.label}: {given} cannot be followed in {format}, which has types and names of its own",
            "leave the option out; or --format csv or tsv, if that is what the file is",
        )
    return format


def _texts(source: Source, format: Format, reads: Reads, reading: Reading, count: int | None) -> Iterator[Batch]:
    if format == "lines":
        return lines.documents(source.text(), reads, reading, source.label, count)
    if format == "jsonl":
        return lines.rows(source.text(), reads, reading, source.label, count)
    delimiter = reading.delimiter or _DELIMITERS[format]
    return delimited.batches(source.text(), delimiter, reads, reading, source.label, count)
