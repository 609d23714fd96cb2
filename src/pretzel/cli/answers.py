"""Write answers as CSV or JSON lines, to a file that is replaced atomically."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from pretzel.errors import InputError


@contextmanager
def open_output(path: Path | None) -> Iterator[TextIO]:
    """Open the output: a file, which is replaced only if the block succeeds, or standard output.

    A pipe or a device is open_output directly.
    """
    if path is None:
        yield sys.stdout
    elif _is_stream(path):
        with path.open("w", newline="", encoding="utf-8") as file:
            yield file
    else:
        with _sigterm_raises(), _replaced(Path(os.path.realpath(path))) as file:  # a symbolic link is kept
            yield file


def _is_stream(path: Path) -> bool:
    return (path.exists() and not path.is_file()) or path.absolute().parts[1:2] in (("dev",), ("proc",))


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that the temporary file is removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    handle, temporary = _temporary(path)
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _temporary(path: Path) -> tuple[int, str]:
    try:
        return tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:  # it names the temporary file
        raise OSError(error.errno, error.strerror, str(path)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class Writer:
    """Writes answers as CSV, or as one JSON document per row."""

    def __init__(self, file: TextIO, method: str, labels: Sequence[Any] | None, as_json: bool) -> None:
        self.file, self.method, self.labels, self.as_json = file, method, labels, as_json
        self.rows = 0
        self._csv = csv.writer(file, lineterminator="\n")

    def write(self, answer: Any, ids: Mapping[str, list[Any]] | None = None) -> None:
        """Write the answer of one batch, after the header if it is the first; ids come before the answers.

        Raises:
            InputError: a column of ids is named like a column of the answer.
        """
        ids = ids or {}
        if hasattr(answer, "iloc"):
            self._write(*_of_table(answer, self.method), ids)
            return
        whole = np.hstack(answer) if _is_by_target(answer) else answer
        array = np.asarray(whole.toarray() if hasattr(whole, "toarray") else whole)
        matrix = array.reshape(len(array), -1)
        self._write(self._names(answer, array, matrix.shape[1]), matrix.tolist(), ids)

    def _write(self, names: list[str], answers: list[list[Any]], ids: Mapping[str, list[Any]]) -> None:
        both = sorted({*names} & {*ids})
        if both:
            raise InputError(f"--id {both[0]!r}: the answers have a column of this name; rename the one of the file")
        names, rows = [*ids, *names], _after_ids(ids, answers)
        if self.rows == 0 and not self.as_json:
            self._csv.writerow(names)
        self.rows += len(rows)
        if self.as_json:
            self.file.writelines(json.dumps(_jsonable(names, row), default=str) + "\n" for row in rows)
        else:
            self._csv.writerows(rows)
        self.file.flush()

    def _names(self, answer: Any, array: np.ndarray, width: int) -> list[str]:
        if _is_by_target(answer):
            return [f"{self.method}[{i}]_{j}" for i, part in enumerate(answer) for j in range(part.shape[1])]
        if array.ndim == 1 or (width == 1 and self.method == "predict"):
            return [self.method]
        labels = self.labels if self.labels is not None and len(self.labels) == width else range(width)
        return [f"{self.method}_{label}" for label in labels]


def _of_table(table: Any, method: str) -> tuple[list[str], list[list[Any]]]:
    """Return the names and the rows of a table or a series of pandas: missing values are None, and dates texts."""
    if table.ndim == 1:
        table = table.to_frame(method if table.name is None else table.name)
    columns = [
        table.iloc[:, i].astype(object).where(table.iloc[:, i].notna(), None).tolist() for i in range(table.shape[1])
    ]
    texts = [[v.isoformat() if hasattr(v, "isoformat") else v for v in column] for column in columns]
    return list(map(str, table.columns)), [list(row) for row in zip(*texts, strict=True)]


def _after_ids(ids: Mapping[str, list[Any]], rows: list[list[Any]]) -> list[list[Any]]:
    return [[*own, *row] for *own, row in zip(*ids.values(), rows, strict=True)] if ids else rows


def _is_by_target(answer: Any) -> bool:
    """Return whether an answer has one matrix per target."""
    return isinstance(answer, list) and all(isinstance(part, np.ndarray) for part in answer)


def _jsonable(names: list[str], row: list[Any]) -> dict[str, Any]:
    odd = (isinstance(value, float) and not math.isfinite(value) for value in row)
    return {name: str(v) if strange else v for name, v, strange in zip(names, row, odd, strict=True)}
