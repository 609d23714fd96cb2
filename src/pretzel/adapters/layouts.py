"""Layouts of tables: the names and types of their columns, and where they store them.

Whether a model accepts a table of plain types depends on its layout alone.  So a caller that has read one such table by
the general path may read others of the same layout without that path's checks (:mod:`pretzel.adapters.readers`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.adapters.tables import names_of

MOST_ROWS = 64
"""Layouts are for small requests: above this, the checks of the general path cost less than the rest."""

Held = list[Any]
"""Columns of a table in the order of :attr:`names`: arrays of numbers, or of texts of any library."""


class FrameLayout:
    """The layout of a pandas table, by the blocks in which it stores its columns.

    Blocks are not a public interface.  A pandas without them has no layouts, and its tables are read by the general
    path; so are tables that store columns in another way.
    """

    __slots__ = ("_columns", "_count", "_kinds", "_manager", "_places", "_spots", "_type", "kinds", "names")

    def __init__(self, X: Any) -> None:
        """Record the layout of X.

        Raises:
            AttributeError: this pandas has no blocks.
        """
        manager = X._mgr
        self._type, self._manager, self._columns = type(X), type(manager), manager.axes[0]
        self._kinds = [block.values.dtype for block in manager.blocks]
        self._places = _places(manager)
        self._spots = list(zip(manager.blknos.tolist(), manager.blklocs.tolist(), strict=True))
        self.names: list[Any] = names_of(self._columns)
        self.kinds: list[Any] = [self._kinds[block] for block, _ in self._spots]
        """The type of each column."""
        self._count = len(self._kinds)

    def columns(self, X: Any, wanted: list[int]) -> Held | None:
        """Return the columns at these positions; None if X has another layout."""
        if type(X) is not self._type:
            return None
        manager = X._mgr
        blocks, columns = manager.blocks, manager.axes[0]
        if type(manager) is not self._manager or len(blocks) != self._count:
            return None
        if columns is not self._columns and not self._is_named(columns):
            return None
        held = [block.values for block in blocks]
        for values, kind in zip(held, self._kinds, strict=True):
            if values.dtype is not kind and not _is_same(values.dtype, kind):
                return None
        if _places(manager) != self._places:
            return None
        return [_column(held[block], place) for block, place in map(self._spots.__getitem__, wanted)]

    def _is_named(self, columns: Any) -> bool:
        known = self._columns
        same = type(columns) is type(known) and columns.dtype == known.dtype and names_of(columns) == self.names
        if same:
            self._columns = columns  # tables cut from one table share it, and are then recognized faster
        return same


class RowsLayout:
    """The layout of a list of dictionaries, one per row."""

    __slots__ = ("_keys", "kinds", "names")

    def __init__(self, X: list[dict[Any, Any]]) -> None:
        """Record the layout of X."""
        self.names = list(X[0])
        self._keys = X[0].keys()
        self.kinds = [_kind_of([row[name] for row in X]) for name in self.names]

    def columns(self, X: Any, wanted: list[int]) -> Held | None:
        """Return the columns at these positions; None if X has another layout."""
        if type(X) is not list or not 0 < len(X) <= MOST_ROWS or type(X[0]) is not dict or list(X[0]) != self.names:
            return None
        if len(X) > 1 and any(type(row) is not dict or row.keys() != self._keys for row in X):
            return None
        return _listed([[row[self.names[at]] for row in X] for at in wanted], [self.kinds[at] for at in wanted])


class MappingLayout:
    """The layout of a dictionary of lists."""

    __slots__ = ("kinds", "names")

    def __init__(self, X: dict[Any, Any]) -> None:
        """Record the layout of X."""
        self.names = list(X)
        self.kinds = [_kind_of(column) if type(column) is list else None for column in X.values()]

    def columns(self, X: Any, wanted: list[int]) -> Held | None:
        """Return the columns at these positions; None if X has another layout."""
        if type(X) is not dict or list(X) != self.names:
            return None
        columns = [X[self.names[at]] for at in wanted]
        if any(type(column) is not list for column in columns):
            return None
        return _listed(columns, [self.kinds[at] for at in wanted])


Layout = FrameLayout | RowsLayout | MappingLayout


def layout_of(X: Any) -> Layout | None:
    """Return the layout of a small table; None for other inputs, and for tables with repeated or odd names."""
    try:
        layout = _layout(X)
    except (AttributeError, KeyError):  # a pandas without blocks; rows with other names
        return None
    if layout is None or len(set(layout.names)) < len(layout.names):
        return None
    return layout if {*map(type, layout.names)} in ({str}, {int}) else None


def _layout(X: Any) -> Layout | None:
    if type(X).__name__ == "DataFrame" and type(X).__module__.partition(".")[0] == "pandas":
        return FrameLayout(X) if X._mgr.axes[0].nlevels == 1 else None
    if type(X) is list and X and type(X[0]) is dict:
        return RowsLayout(X)
    return MappingLayout(X) if type(X) is dict else None


def _places(manager: Any) -> tuple[bytes, bytes]:
    return manager.blknos.tobytes(), manager.blklocs.tobytes()


def _is_same(kind: Any, other: Any) -> bool:
    return type(kind) is type(other) and bool(kind == other)


def _column(values: Any, place: int) -> Any:
    """Return a column of a block: arrays hold all of the block's columns, extension arrays only one."""
    return values[place] if values.ndim == 2 else values


def _kind_of(column: list[Any]) -> Any:
    """Return the type of a list: NumPy's, of numbers; ``str``; or None for lists of anything else."""
    types = {*map(type, column)}
    if types == {str}:
        return str
    return np.asarray(column).dtype if types == {float} or types == {int} else None


def _listed(columns: list[list[Any]], kinds: list[Any]) -> Held | None:
    """Return lists of texts as they are, and lists of numbers as arrays; None if they have other types."""
    held: Held = []
    for column, kind in zip(columns, kinds, strict=True):
        if {*map(type, column)} != ({str} if kind is str else {float} if kind == np.float64 else {int}):
            return None
        values = column if kind is str else np.array(column)
        if isinstance(values, np.ndarray) and values.dtype != kind:  # integers beyond int64
            return None
        held.append(values)
    return held
