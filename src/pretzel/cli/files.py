"""Read rows from files and standard input for the commands."""

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

Progress = Callable[[int, int | None, str], None]
"""Progress of reading a file: the amount read, the total if known, and the unit, rows or bytes."""
DEFAULT = Reading()
"""The default options."""
_DELIMITERS = {"csv": ",", "tsv": "\t"}


def read(
    path: Path | None,
    reads: Reads,
    reading: Reading,
    count: int | None,
    on_progress: Progress = lambda done, total, unit: None,
) -> Iterator[Batch]:
    """Yield batches of rows of a file, or of standard input, in the form that a model takes.

    Args:
        path: the file; None for standard input.
        reads: the columns that the model reads.
        reading: the user's options for the file.
        count: rows per batch; None for all in one.
        on_progress: called before each batch.

    Raises:
        InputError: the file is malformed or ambiguous, or has values that the model does not take.
        UnsupportedError: the library that reads the format is not installed.
    """
    with opened(path) as source:
        format = _format(source, reads, reading)
        if format == "parquet":
            file = Parquet(source.seekable(), source.label)
            for batch in file.batches(reads, reading, count):
                on_progress(batch.lines[0] - 1 if len(batch) else 0, file.rows, "rows")
                yield batch
            return
        for batch in _texts(source, format, reads, reading, count):
            on_progress(source.position(), source.size, "bytes")
            yield batch


def read_sample(path: Path, model: Any, reading: Reading = DEFAULT) -> Any:
    """Return the rows of a sample as the estimator takes them.

    Raises:
        InputError: the model is a definition, which cannot predict; or as for :func:`read`.
        UnsupportedError: a library to read the file, or one that the estimator was fitted with, is not installed.
    """
    return sample_batch(path, model, reading).X


def sample_batch(path: Path, model: Any, reading: Reading) -> Batch:
    """Return the rows of a sample as :func:`read_sample` does, with their line numbers."""
    if isinstance(model, Definition):
        raise InputError("a saved definition cannot predict a sample; deploy the estimator's own file to verify it")
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
        options = ", ".join(reading.of_tables_only)
        raise refused(
            f"{source.label}: {options} cannot be used with {format}, which stores types and names",
            "omit the option, or use --format csv or tsv if the file is one",
        )
    return format


def _texts(source: Source, format: Format, reads: Reads, reading: Reading, count: int | None) -> Iterator[Batch]:
    if format == "lines":
        return lines.documents(source.text(), reads, reading, source.label, count)
    if format == "jsonl":
        return lines.rows(source.text(), reads, reading, source.label, count)
    delimiter = reading.delimiter or _DELIMITERS[format]
    return delimited.batches(source.text(), delimiter, reads, reading, source.label, count)
