"""The raw form of BYTES: each element is its length in four bytes, little-endian, then its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from struct import pack

import numpy as np

from pretzel.data_plane.oip.datatypes import is_numeric
from pretzel.errors import UnsupportedError
from pretzel.plan.values import Labels, Texts

_BATCH = 4096
"""Elements joined at once: one call over all of them would hold the interpreter, and with it the event loop."""


def encoded(elements: Iterable[bytes]) -> bytes:
    """Return elements in their raw form."""
    return _joined(pack("<I", len(element)) + element for element in elements)


def encoded_labels(labels: Labels) -> bytes:
    """Return the text of each row's label in its raw form; the table is encoded once."""
    forms = _forms(labels.labels)
    return _joined(forms[code] for code in labels.codes.tolist())


def labels_bytes(labels: Labels) -> int:
    """Return the bytes of the labels of all rows."""
    if is_numeric(labels.labels):
        return len(labels) * np.asarray(labels.labels).itemsize
    sizes = np.array([len(form) for form in _forms(labels.labels)], np.int64)
    return int(sizes[labels.codes].sum()) if len(labels) else 0


def encoded_texts(name: str, texts: Texts) -> bytes:
    """Return texts in their raw form.

    Raises:
        UnsupportedError: one is missing.
    """
    if texts.missing is not None and texts.missing.any():
        row = int(texts.missing.nonzero()[0][0]) // (texts.width or 1)
        raise UnsupportedError(
            f"output {name!r}, row {row}: the text is missing, which BYTES cannot express; use pretzel.v1"
        )
    return encoded(_pieces(texts))


def label_contents(table: np.ndarray | list[str]) -> list[bytes]:
    """Return the contents of each label in its raw form."""
    return [label.tobytes() for label in table] if is_numeric(table) else _forms(table)  # type: ignore[union-attr]


def _forms(table: np.ndarray | list[str]) -> list[bytes]:
    return [encoded([str(label).encode()]) for label in (table.tolist() if isinstance(table, np.ndarray) else table)]


def _pieces(texts: Texts) -> Iterator[bytes]:
    data, at = texts.data.tobytes(), 0
    for length in texts.lengths.tolist():
        yield data[at : at + length]
        at += length


def _joined(pieces: Iterator[bytes]) -> bytes:
    batches = []
    while batch := b"".join(islice(pieces, _BATCH)):
        batches.append(batch)
    return b"".join(batches)
