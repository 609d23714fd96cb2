"""Outputs as JSON records: one per row, with labels by name and a number per class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.json_text import dumps, listed
from pretzel.data_plane.rest.result_tables import as_records, typed_values
from pretzel.data_plane.scheduling.memory import too_large
from pretzel.plan.values import Csr, Labels, Ragged, Texts

_NUMBER_BYTES = 20
"""Bytes that a number takes in JSON, roughly."""


class Packer:
    """Packs results into the bytes of a response, on the thread that ran the request."""

    def __init__(self, signature: Signature, most_bytes: int, head: Mapping[str, Any], *, bare: bool) -> None:
        """Put ``head`` before the predictions; ``bare`` ones are values instead of records."""
        self._signature, self._most_bytes, self._head, self._bare = signature, most_bytes, head, bare

    def __call__(self, results: Mapping[str, Any]) -> bytes:
        """Return the response.

        Raises:
            ExhaustedError: it exceeds the largest message.
        """
        size = sum(map(_size, results.values()))
        if size > self._most_bytes:
            raise too_large(size, self._most_bytes)
        columns = {name: self._rows(name, value) for name, value in results.items()}
        columns = as_records(columns, self._signature.version.metadata)
        return dumps({**self._head, "predictions": self._joined(columns)})

    def _joined(self, columns: Mapping[str, list[Any]]) -> list[Any]:
        if not self._bare:
            names = list(columns)
            return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        if len(columns) == 1:
            return next(iter(columns.values()))
        return [list(row) for row in zip(*columns.values(), strict=True)]

    def _rows(self, name: str, value: Any) -> list[Any]:
        rows = typed_values(name, value, self._signature.version.metadata) or values_of(value)
        labels = None if self._bare else self._signature.labels.get(name)
        if labels is None or isinstance(value, Labels) or not (rows and isinstance(rows[0], list)):
            return rows
        classes = [label.decode() for label in labels]
        return [dict(zip(classes, row, strict=True)) for row in rows]


def values_of(value: Any) -> list[Any]:
    """Return the rows of an output as values of JSON."""
    if isinstance(value, Labels):
        table = value.labels.tolist() if isinstance(value.labels, np.ndarray) else value.labels
        return [table[code] for code in value.codes.tolist()]
    if isinstance(value, Texts):
        return _texts(value)
    if isinstance(value, Ragged):
        return value.tolist()
    return listed(np.asarray(value.dense() if isinstance(value, Csr) else value))


def _texts(texts: Texts) -> list[Any]:
    flat, width = texts.tolist(), texts.width
    if width is None:
        return flat
    return [flat[at : at + width] for at in range(0, len(flat), width)] if width else [[] for _ in range(len(texts))]


def _size(value: Any) -> int:
    """Return about the bytes of an output in JSON, before it is made."""
    if isinstance(value, Labels):
        return len(value) * _NUMBER_BYTES
    if isinstance(value, Csr):
        return len(value) * value.width * _NUMBER_BYTES
    if isinstance(value, np.ndarray):
        return value.size * _NUMBER_BYTES
    return int(getattr(value, "data", getattr(value, "starts", np.zeros(0))).nbytes)
