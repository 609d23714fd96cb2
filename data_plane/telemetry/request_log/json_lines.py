"""Writes logged rows as lines of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson

from pretzel.data_plane.telemetry.request_log.files import Files
from pretzel.data_plane.telemetry.request_log.rows import Logged


class JsonLines:
    """One line per row."""

    suffix = "jsonl"

    def __init__(self, files: Files) -> None:
        self._files = files
        self._file: BinaryIO | None = None

    def write(self, rows: Sequence[Logged]) -> None:
        """Append rows, so that readers see them at once.

        Raises:
            OSError: they cannot be written.
        """
        if self._file is not None and self._files.is_full(self._file):
            self.close()
        self._file = self._file or self._files.begin()
        self._file.write(b"".join(orjson.dumps(_line(row)) + b"\n" for row in rows))
        self._file.flush()

    def close(self) -> None:
        """Close the present file."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()


def _line(row: Logged) -> dict[str, Any]:
    entry = row.entry
    return {
        "time": datetime.fromtimestamp(entry.time, UTC).isoformat(),
        "request_id": entry.request_id,
        "trace_id": entry.trace_id or None,
        "method": entry.method,
        "status": entry.status,
        "seconds": entry.seconds,
        "model": row.version.model if row.version else None,
        "version": row.version.version if row.version else None,
        "row": row.row,
        "rows": row.rows,
        "inputs": row.inputs,
        "outputs": row.outputs,
    }
