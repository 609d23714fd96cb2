"""Requests of tables whose layout was sent before: their columns become bytes without the checks of names and types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.adapters.layouts import MOST_LAYOUTS, MOST_LEARNED, Layout, has_layout, layout_of
from pretzel.adapters.readers import Reader, reader_of
from pretzel.plan.model import InputDescription

Parts = tuple[int, list[tuple[bytes, bytes]]]
"""The number of rows, and the data and the lengths of each column."""
Write = Callable[[Parts], bytes]
"""Returns the message of a request."""


@dataclass(slots=True)
class _Known:
    layout: Layout
    reader: Reader | None
    """None: the general conversion reads tables of this layout."""


class KnownTables:
    """The layouts of tables that were sent to one method of one model, and their readers.

    A reader is used after it has given, for one table, the message of the general conversion.  Two threads that learn
    at once may lose a layout, which is learned again.
    """

    def __init__(self, inputs: Sequence[InputDescription], metadata: Mapping[str, Any], most_bytes: int) -> None:
        """Store what the model reads."""
        self._inputs, self._metadata, self._most = inputs, metadata, most_bytes
        self._known: tuple[_Known, ...] = ()
        self._learned = 0

    def parts(self, X: Any) -> Parts | None:
        """Return the columns of a table of a known layout; None for anything else."""
        if not has_layout(X):
            return None
        for known in self._known:
            if known.reader is not None and (found := known.reader.read(X)) is not None:
                return self._encoded(*found)
        return None

    def learn(self, X: Any, message: Callable[[], bytes], write: Write) -> None:
        """Learn the layout of a table.

        Args:
            X: the table.
            message: returns the message that the general conversion made of it.
            write: returns the message of parts.
        """
        if self._learned == MOST_LEARNED or not has_layout(X) or self._knows(X) or (layout := layout_of(X)) is None:
            return
        reader = reader_of(layout, self._inputs, self._metadata, self._metadata, by_types=False)
        found = None if reader is None else reader.read(X)
        parts = None if found is None else self._encoded(*found)
        if reader is not None and parts is None:
            return  # this table holds what the general conversion has to read; the next one may not
        proved = parts is not None and write(parts) == message()
        self._learned += 1
        self._known = (*self._known[-(MOST_LAYOUTS - 1) :], _Known(layout, reader if proved else None))

    def _knows(self, X: Any) -> bool:
        return any(known.layout.columns(X, []) is not None for known in self._known)

    def _encoded(self, columns: list[Any], rows: int) -> Parts | None:
        parts = list(map(_encoded, columns))
        size = sum(len(part[0]) for part in parts if part is not None)
        return None if None in parts or size > self._most else (rows, parts)  # type: ignore[return-value]


def _encoded(column: Any) -> tuple[bytes, bytes] | None:
    """Return a column as data and lengths of texts; None if a text is missing or cannot be sent."""
    if isinstance(column, np.ndarray):
        return column.tobytes(), b""
    return texts_to_bytes(column)


def texts_to_bytes(texts: list[Any]) -> tuple[bytes, bytes] | None:
    """Return texts as their bytes and lengths; None if one is missing or cannot be sent."""
    try:
        encoded = [str.encode(text) for text in texts]
    except (TypeError, UnicodeEncodeError):  # the general conversion names the row
        return None
    return b"".join(encoded), b"".join([len(text).to_bytes(4, "little") for text in encoded])
