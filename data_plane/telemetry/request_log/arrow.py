"""Writes logged rows as Arrow streams: one record per value, so that one file holds any models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from pretzel.data_plane.telemetry.request_log.files import Files
from pretzel.data_plane.telemetry.request_log.rows import Logged

SCHEMA = pa.schema(
    {
        "time": pa.timestamp("us", "UTC"),
        "request_id": pa.string(),
        "trace_id": pa.string(),
        "method": pa.string(),
        "status": pa.string(),
        "seconds": pa.float64(),
        "model": pa.string(),
        "version": pa.int64(),
        "row": pa.int64(),
        "rows": pa.int64(),
        "side": pa.string(),
        "name": pa.string(),
        "number": pa.float64(),
        "text": pa.string(),
    }
)
_EXACT = 1 << 53


class ArrowStreams:
    """One record per value of a row."""

    suffix = "arrows"

    def __init__(self, files: Files) -> None:
        self._files = files
        self._file: BinaryIO | None = None
        self._stream: Any = None

    def write(self, rows: Sequence[Logged]) -> None:
        """Append rows as one batch, so that readers see them at once.

        Raises:
            OSError: they cannot be written.
        """
        if self._file is not None and self._files.is_full(self._file):
            self.close()
        if self._file is None:
            self._file = self._files.begin()
            self._stream = pa.ipc.new_stream(self._file, SCHEMA)
        records = [record for row in rows for record in _records(row)]
        self._stream.write_batch(pa.RecordBatch.from_pylist(records, SCHEMA))
        self._file.flush()

    def close(self) -> None:
        """Close the present file."""
        if self._file is not None:
            file, self._file = self._file, None
            with file:
                self._stream.close()


def _records(row: Logged) -> Iterator[dict[str, Any]]:
    entry, version = row.entry, row.version
    head = {
        "time": int(entry.time * 1e6),
        "request_id": entry.request_id,
        "trace_id": entry.trace_id or None,
        "method": entry.method,
        "status": entry.status,
        "seconds": entry.seconds,
        "model": version.model if version else None,
        "version": version.version if version else None,
        "row": row.row,
        "rows": row.rows,
    }
    if row.inputs is None:
        yield head
    for side, values in (("input", row.inputs or {}), ("output", row.outputs or {})):
        for name, value in values.items():
            for part, one in _parts(name, value):
                number, text = _split(one)
                yield {**head, "side": side, "name": part, "number": number, "text": text}


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value by its name, or each of several by the name and its place."""
    if isinstance(value, list):
        yield from ((f"{name}[{i}]", one) for i, one in enumerate(value))
    elif isinstance(value, dict):
        yield from ((f"{name}[{place}]", one) for place, one in value.items())
    else:
        yield name, value


def _split(value: Any) -> tuple[float | None, str | None]:
    """Return a value as a number or as a text; of integers beyond the exact range, both."""
    if value is None or value != value:
        return None, None
    if isinstance(value, str):
        return None, value
    if isinstance(value, int) and abs(value) > _EXACT:
        return float(value), str(value)
    return float(value), None
