"""Answers written as CSV or as lines of JSON, to a file that is replaced whole or not at all."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np


@contextmanager
def written(path: Path | None) -> Iterator[TextIO]:
    """Open where answers go: a file, which is replaced only when the block ends well, or standard output.

    A pipe or a device is written as the answers come.
    """
    if path is None:
        yield sys.stdout
    elif _is_stream(path):
        with path.open("w", newline="", encoding="utf-8") as file:
            yield file
    else:
        with _ended_by_exception(), _replaced(Path(os.path.realpath(path))) as file:  # a link goes on to lead there
            yield file


def _is_stream(path: Path) -> bool:
    return (path.exists() and not path.is_file()) or path.absolute().parts[1:2] in (("dev",), ("proc",))


@contextmanager
def _ended_by_exception() -> Iterator[None]:
    """Make SIGTERM an exception, so that what was begun is removed."""
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
    except OSError as error:  # which names the temporary file
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

    def write(self, answer: Any) -> None:
        """Write the answer to one batch; the first one writes the header too."""
        whole = np.hstack(answer) if _is_by_target(answer) else answer
        array = np.asarray(whole.toarray() if hasattr(whole, "toarray") else whole)
        matrix = array.reshape(len(array), -1)
        names = self._names(answer, array, matrix.shape[1])
        if self.rows == 0 and not self.as_json:
            self._csv.writerow(names)
        self.rows += len(array)
        if self.as_json:
            self.file.writelines(json.dumps(_jsonable(names, row)) + "\n" for row in matrix.tolist())
        else:
            self._csv.writerows(matrix.tolist())
        self.file.flush()

    def _names(self, answer: Any, array: np.ndarray, width: int) -> list[str]:
        if _is_by_target(answer):
            return [f"{self.method}[{i}]_{j}" for i, part in enumerate(answer) for j in range(part.shape[1])]
        if array.ndim == 1 or (width == 1 and self.method == "predict"):
            return [self.method]
        labels = self.labels if self.labels is not None and len(self.labels) == width else range(width)
        return [f"{self.method}_{label}" for label in labels]


def _is_by_target(answer: Any) -> bool:
    """Return whether an answer has a matrix of its own for each of several targets."""
    return isinstance(answer, list) and all(isinstance(part, np.ndarray) for part in answer)


def _jsonable(names: list[str], row: list[Any]) -> dict[str, Any]:
    odd = (isinstance(value, float) and not math.isfinite(value) for value in row)
    return {name: str(v) if strange else v for name, v, strange in zip(names, row, odd, strict=True)}
