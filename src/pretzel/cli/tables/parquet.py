"""Read Parquet files, whose columns are typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from pretzel.cli.tables.batch import Batch, under
from pretzel.cli.tables.header import listed, refused
from pretzel.cli.tables.ids import without
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import NAN, Reads
from pretzel.cli.tables.shape import chosen, library, shaped
from pretzel.errors import InputError

_INDEX = re.compile(r"__index_level_\d+__")
"""The column in which pandas stores an unnamed index, which it does not read as a column."""


class Parquet:
    """A Parquet file."""

    def __init__(self, file: BinaryIO, label: str) -> None:
        """Read the metadata of the file.

        Raises:
            InputError: the bytes are not Parquet.
            UnsupportedError: pyarrow is not installed.
        """
        self.label = label
        self._library = library("pyarrow.parquet", label)
        try:
            self._file = self._library.ParquetFile(file)
        except (OSError, ValueError) as error:  # the bases of pyarrow's errors
            raise InputError(f"{label}: it cannot be read as parquet ({error})") from None
        self.rows: int = self._file.metadata.num_rows

    def batches(self, reads: Reads, reading: Reading, count: int | None) -> Iterator[Batch]:
        """Yield the rows, ``count`` at a time, or all at once."""
        names = [name for name in self._file.schema_arrow.names if not _INDEX.fullmatch(name)]
        if len({*names}) < len(names):
            duplicates = [name for name in dict.fromkeys(names) if names.count(name) > 1]
            raise refused(f"{self.label}: it has column {listed(duplicates)} twice", "rename all but one")
        with under(self.label):
            selected = chosen(without(names, reading.ids, reads, reading.columns), reads, reading.columns)
        if count is None:
            yield self._batch(self._file.read(selected).select(selected), 0, reads)
            return
        done = 0
        for part in self._parts([*dict.fromkeys([*selected, *reading.ids])], count):
            batch = self._batch(part.select(selected), done, reads)
            batch.ids = {name: part.column(part.schema.get_field_index(name)).to_pylist() for name in reading.ids}
            yield batch
            done += part.num_rows

    def _parts(self, selected: list[str], count: int) -> Iterator[Any]:
        try:
            yield from self._file.iter_batches(count, columns=selected)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.label}: it cannot be read as parquet ({error})") from None

    def _batch(self, part: Any, done: int, reads: Reads) -> Batch:
        batch = Batch(part, range(done + 1, done + part.num_rows + 1), self.label, "row")
        with under(self.label):
            if reads.style == "records":  # a table has every name in every row: null means absent
                batch.X = [{k: v for k, v in row.items() if v is not None} for row in part.to_pylist()]
            elif reads.style == "lists":
                batch.X = part.column(0)
            elif reads.style == "texts":
                return shaped({part.schema.names[0]: part.column(0).to_pylist()}, reads, batch)
            else:
                batch.columns = _Cells(part)
                batch.X = _for_estimator(part, reads) if reads.whole_file else _with_nulls(part, reads)
        return batch


class _Cells(dict[str, Any]):
    """The columns of a batch as lists, converted only to report an error."""

    def __init__(self, part: Any) -> None:
        super().__init__(dict.fromkeys(part.schema.names))
        self._part = part

    def items(self) -> Any:
        return [(name, self._part.column(i).to_pylist()) for i, name in enumerate(self)]


def _with_nulls(part: Any, reads: Reads) -> Any:
    """Return the columns with NaN for null texts and booleans, and None where the model knows only that."""
    columns = {name: part.column(i) for i, name in enumerate(part.schema.names)}
    nulls = {name: reads.null_of(name, i) for i, name in enumerate(columns)}
    lists = [
        n for n, column in columns.items() if column.null_count and (nulls[n] is None or _holds_objects(column.type))
    ]
    if not lists and not reads.coded:
        return part
    return columns | {name: [nulls[name] if v is None else v for v in columns[name].to_pylist()] for name in lists}


def _holds_objects(kind: Any) -> bool:
    """Return whether pandas holds a column of this type as objects, if it has nulls."""
    return "string" in str(kind) or "utf8" in str(kind) or str(kind) == "bool"


def _for_estimator(table: Any, reads: Reads) -> Any:
    frame = table.to_pandas(ignore_metadata=True)
    for i, name in enumerate(frame.columns):
        if (
            frame[name].dtype == object and reads.null_of(name, i) is not None
        ):  # a null text is NaN, as in every other format
            frame[name] = frame[name].where(frame[name].notna(), NAN)
    return frame if reads.style == "frame" else frame.to_numpy()
