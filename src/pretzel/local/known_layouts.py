"""The layouts of tables that a predictor has read, and the fast readers of other tables of these layouts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from pretzel.adapters.layouts import MOST_LAYOUTS, MOST_LEARNED, FrameLayout, Layout, layout_of
from pretzel.adapters.readers import Reader
from pretzel.kernels.marshal import first_unreadable
from pretzel.plan.values import Texts

M = TypeVar("M")
Bound = tuple[M, list[Any], int]
"""A model, the columns as its program reads them, and the number of rows."""


@dataclass(slots=True)
class Entry(Generic[M]):
    """A layout, and the model for its tables."""

    layout: Layout
    model: M
    reader: Reader | None
    """None: the general path reads tables of this layout."""
    is_proved: bool = False
    """Whether the reader has returned the same as the general path for a table; it is not used before."""


class KnownTables(Generic[M]):
    """Reads tables of layouts that the general path has read before.  Thread-safe."""

    def __init__(self, main: M, make: Callable[[Layout, M], Reader | None]) -> None:
        """Store the model for float64, and the function that makes a reader for a layout and a model."""
        self._main, self._make = main, make
        self._entries: tuple[Entry[M], ...] = ()
        self._learned, self._lock = 0, threading.Lock()

    def read(self, X: Any) -> Bound[M] | None:
        """Return the result of the general path for X; None if X has to be read by that path."""
        for entry in self._entries:
            if entry.is_proved and entry.reader is not None and (found := entry.reader.read(X)) is not None:
                columns, rows = found
                bound = _bound(columns)
                return None if bound is None else (entry.model, bound, rows)
        return None

    def learn(self, X: Any, bound: Bound[M]) -> None:
        """Make or prove a reader of tables like X; ``bound``: the result of the general path for X."""
        entry = next((entry for entry in self._entries if entry.layout.columns(X, []) is not None), None)
        if entry is None and self._learned < MOST_LEARNED:
            entry = self._add(layout_of(X), bound[0])
        if entry is None or entry.reader is None or entry.is_proved or entry.model is not bound[0]:
            return
        found = entry.reader.read(X)
        ours = None if found is None else _bound(found[0])
        if found is None or ours is None:
            return
        if found[1] == bound[2] and _agree(ours, bound[1]):
            entry.is_proved = True
        else:
            entry.reader = None  # of a pandas with other internals

    def _add(self, layout: Layout | None, model: M) -> Entry[M] | None:
        if layout is None:
            return None
        model = model if isinstance(layout, FrameLayout) else self._main  # lists of floats are of float64
        entry = Entry(layout, model, self._make(layout, model))
        with self._lock:
            self._learned += 1
            self._entries = (*self._entries[-(MOST_LAYOUTS - 1) :], entry)
        return entry


def _bound(columns: list[Any]) -> list[Any] | None:
    """Return columns as a program reads them; None if one has something else than texts, None and NaN."""
    bound = []
    for column in columns:
        if type(column) is list:
            column = tuple(column)
            if first_unreadable(column) >= 0:
                return None
        bound.append(column)
    return bound


def _agree(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    return len(ours) == len(theirs) and all(map(_is_same, ours, theirs))


def _is_same(ours: Any, theirs: Any) -> bool:
    """Return whether two columns, as a program reads them, have the same values: bits of numbers, or texts."""
    if isinstance(ours, np.ndarray):
        same_type = isinstance(theirs, np.ndarray) and ours.dtype == theirs.dtype and ours.shape == theirs.shape
        return same_type and ours.tobytes() == theirs.tobytes()
    texts = Texts(*theirs).tolist() if isinstance(theirs, list) else theirs
    return len(ours) == len(texts) and all(map(_is_same_text, ours, texts))


def _is_same_text(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, str) or isinstance(theirs, str):
        return bool(ours == theirs)
    return (ours is None) == (theirs is None)
