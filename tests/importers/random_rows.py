"""Random rows for any estimator: values of its example, their neighbours, and odd ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

ODD = [0.0, -0.0, 5e-324, -5e-324, 1e-310, np.nan, np.inf, -np.inf, -1.0, 0.5, 2.0, 2.5]
LARGE = [1e5, -1e5, 1.7e9, 1_700_000_001.0, 16777217.0]
"""Values whose squares lose the difference to the next value: seconds since 1970, an integer that float32 lacks."""
PIECES = [
    "",
    "a",
    "the",
    " ",
    "É",
    "ß",
    "İ",
    "ﬁ",
    "0",
    "1.5",
    "\n",
    "\t",
    "-",
    "x" * 50,
    "日本",
    "𝔘",
    "\u0301",
    "don't",
    "_",
]
UNSEEN = ["unseen", "", None, np.nan]


class Rows:
    """Generates rows like ``x``: an array, a sparse matrix, a table, or a list of texts, lists or dictionaries."""

    def __init__(self, x: Any, seed: int, odd: list[float], reach: float) -> None:
        """Draw by ``seed``; if ``x`` has floats, include ``odd`` ones and those of x times ``reach``."""
        self.x, self.random, self.odd, self.reach = x, np.random.default_rng(seed), np.array(odd), reach

    def draw(self, rows: int) -> Any:
        """Return this many rows, of the type of ``x``."""
        x = self.x
        if issparse(x):
            return type(x)(self._table(x.toarray(), rows))
        if isinstance(x, pd.DataFrame):
            return pd.DataFrame({name: self._series(x[name], rows) for name in x})
        if isinstance(x, list):
            return [self._item(x) for _ in range(rows)]
        if x.ndim == 1:
            return self._some(x, rows)
        return self._table(x, rows)

    def _table(self, x: np.ndarray, rows: int) -> np.ndarray:
        return self._numbers(x, rows) if x.dtype.kind == "f" else self._cells(x, rows)

    def _some(self, values: Any, rows: int) -> Any:
        return values[self.random.integers(0, len(values), rows)]

    def _numbers(self, x: np.ndarray, rows: int) -> np.ndarray:
        near = np.concatenate(
            [x, np.nextafter(x, np.inf, dtype=x.dtype), np.nextafter(x, -np.inf, dtype=x.dtype), x * self.reach]
        )
        rows_of_x = np.column_stack([self._some(column, rows) for column in near.T]).astype(x.dtype)
        strange = self.random.random(rows_of_x.shape) < self.random.choice([0.0, 0.1, 0.3])
        rows_of_x[strange] = self.random.choice(self.odd, strange.sum()).astype(x.dtype)
        return rows_of_x

    def _cells(self, x: np.ndarray, rows: int) -> np.ndarray:
        cells = np.column_stack([self._some(column, rows) for column in x.T])
        if x.dtype == object and self.random.random() < 0.3:
            cells[0, self.random.integers(x.shape[1])] = UNSEEN[self.random.integers(len(UNSEEN))]
        return cells

    def _series(self, column: pd.Series, rows: int) -> pd.Series:
        values = column.iloc[self.random.integers(0, len(column), rows)].reset_index(drop=True)
        strange = self.random.random() < 0.3
        if strange and column.dtype.kind == "f":
            values.iloc[0] = self.random.choice(self.odd)
        elif strange and column.dtype == object:
            values.iloc[0] = UNSEEN[self.random.integers(len(UNSEEN))]
        return values

    def _item(self, x: list[Any]) -> Any:
        if isinstance(x[0], str):
            words = [word for text in x for word in text.split()] or ["a"]
            return self._text(words)
        if isinstance(x[0], dict):
            pairs = [pair for row in x for pair in row.items()] + [("new", 1.0)]
            return dict(pairs[i] for i in self.random.integers(0, len(pairs), self.random.integers(4)))
        if not isinstance(x[0], (list, tuple)):
            return x[self.random.integers(len(x))]
        items = [item for row in x for item in row] + ["unseen", "É"]
        return [items[i] for i in self.random.integers(0, len(items), self.random.integers(4))]

    def _text(self, words: list[str]) -> str:
        between = " " if self.random.random() < 0.8 else ""
        pool = words if self.random.random() < 0.5 else PIECES
        return between.join(self.random.choice([*pool, *PIECES]) for _ in range(self.random.integers(6)))
