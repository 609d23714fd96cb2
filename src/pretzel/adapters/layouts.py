"""Layouts of tables: the names and types of their columns, and where they store them.

Whether a model accepts a table of plain types depends on its layout alone.  So a caller that has read one such table by
the general path may read others of the same layout without that path's checks (:mod:`pretzel.adapters.readers`).
"""

from __future__ import annotations

from typing import Any

from pretzel.adapters.tables import names_of

MOST_ROWS = 64
"""Layouts are for small requests: above this, the checks of the general path cost less than the rest."""

MOST_LAYOUTS = 8
"""Number of layouts that a caller keeps; a further one replaces the oldest."""
MOST_LEARNED = 100
"""Number of layouts after which no more are learned: each table has its own, and learning costs as much as reading."""

Held = list[Any]
"""Columns of a table: arrays of NumPy or pandas, or lists."""


class FrameLayout:
    """The layout of a pandas table, by the blocks in which it stores its columns.

    Blocks are not a public interface.  The general path reads tables that store their columns in another way.
    """

    __slots__ = ("_arrow", "_columns", "_kinds", "_manager", "_places", "_spots", "_type", "kinds", "names")

    def __init__(self, X: Any) -> None:
        """Record the layout of X.

        Raises:
            AttributeError: this pandas has no blocks.
        """
        manager = X._mgr
        self._type, self._manager, self._columns = type(X), type(manager), manager.axes[0]
        self._kinds = [block.values.dtype for block in manager.blocks]
        self._places = [block.mgr_locs for block in manager.blocks]
        self._spots = list(zip(manager.blknos.tolist(), manager.blklocs.tolist(), strict=True))
        self._arrow = _in_arrow(self._columns)
        self.names: list[Any] = names_of(self._columns)
        self.kinds: list[Any] = [self._kinds[block] for block, _ in self._spots]
        """The type of each column; ``list`` in other layouts."""

    def columns(self, X: Any, wanted: list[int]) -> Held | None:
        """Return the columns at these positions; None if X has another layout."""
        if type(X) is not self._type:
            return None
        manager = X._mgr
        blocks, columns = manager.blocks, manager.axes[0]
        if type(manager) is not self._manager or len(blocks) != len(self._kinds):
            return None
        if columns is not self._columns and not self._is_named(columns):
            return None
        held = []
        for block, kind, place in zip(blocks, self._kinds, self._places, strict=True):
            values = block.values
            if values.dtype is not kind and not _is_same_type(values.dtype, kind):
                return None
            if block.mgr_locs is not place and not _is_same_place(block.mgr_locs.indexer, place.indexer):
                return None
            held.append(values)
        return [_column(held[block], place) for block, place in map(self._spots.__getitem__, wanted)]

    def _is_named(self, columns: Any) -> bool:
        known = self._columns
        if type(columns) is not type(known):
            return False
        arrow = None if self._arrow is None else _in_arrow(columns)
        if arrow is None or self._arrow is None:
            same = columns.dtype == known.dtype and names_of(columns) == self.names
        else:
            same = bool(arrow.equals(self._arrow))
        if same:
            self._columns = columns  # tables cut from one table share it, and are then recognized faster
        return same


class RowsLayout:
    """The layout of a list of dictionaries, one per row: the names and their order."""

    __slots__ = ("_keys", "kinds", "names")

    def __init__(self, X: list[dict[Any, Any]]) -> None:
        """Record the layout of X."""
        self.names, self._keys = list(X[0]), dict.fromkeys(X[0]).keys()
        self.kinds: list[Any] = [list] * len(self.names)

    def columns(self, X: Any, wanted: list[int]) -> Held | None:
        """Return the columns at these positions; None if X has another layout."""
        if type(X) is not list or not 0 < len(X) <= MOST_ROWS or type(X[0]) is not dict or list(X[0]) != self.names:
            return None
        if len(X) > 1 and any(type(row) is not dict or row.keys() != self._keys for row in X):
            return None
        names = self.names
        return [[row[names[at]] for row in X] for at in wanted]


class MappingLayout:
    """The layout of a dictionary of lists: the names and their order."""

    __slots__ = ("kinds", "names")

    def __init__(self, X: dict[Any, Any]) -> None:
        """Record the layout of X."""
        self.names = list(X)
        self.kinds: list[Any] = [list] * len(self.names)

    def columns(self, X: Any, wanted: list[int]) -> Held | None:
        """Return the columns at these positions; None if X has another layout."""
        if type(X) is not dict or list(X) != self.names:
            return None
        columns = list(X.values())
        return [columns[at] for at in wanted] if all(type(column) is list for column in columns) else None


Layout = FrameLayout | RowsLayout | MappingLayout


def has_layout(X: Any) -> bool:
    """Return whether X may have a layout; quickly, for inputs that are read in less time than a table."""
    kind = type(X)
    if kind is list:
        return bool(X) and type(X[0]) is dict
    return kind is dict or kind.__name__ == "DataFrame"


def layout_of(X: Any) -> Layout | None:
    """Return the layout of a small table; None for other inputs, and for tables with repeated or odd names."""
    try:
        layout = _layout(X)
    except AttributeError:  # a pandas without blocks
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


def _in_arrow(columns: Any) -> Any:
    """Return the names of columns as an array of Arrow, which compares them fastest; None if they are not in one."""
    return columns.array.__arrow_array__() if getattr(columns.dtype, "storage", None) == "pyarrow" else None


def _is_same_type(kind: Any, other: Any) -> bool:
    if type(kind) is not type(other):
        return False
    if type(kind).__name__ == "StringDtype":  # faster than its own comparison
        return bool(kind.storage == other.storage and kind.na_value is other.na_value)
    return bool(kind == other)


def _is_same_place(columns: Any, others: Any) -> bool:
    """Return whether two blocks hold the same columns: slices, or arrays of positions."""
    if type(columns) is not type(others):
        return False
    return bool(columns == others) if isinstance(columns, slice) else columns.tobytes() == others.tobytes()


def _column(values: Any, place: int) -> Any:
    """Return a column of a block: arrays hold all of the block's columns, extension arrays only one."""
    return values[place] if values.ndim == 2 else values
