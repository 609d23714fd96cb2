"""``pandas.get_dummies`` with known columns: of fixed categories, or followed by ``reindex(columns=...)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from pretzel.importers.tracing.array_functions import elementwise
from pretzel.importers.tracing.arrays import converted
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.series import Part, SymbolicSeries, settle_open
from pretzel.importers.tracing.single_builtins import plain
from pretzel.importers.tracing.tables import SymbolicFrame
from pretzel.importers.tracing.text_series import SymbolicTexts
from pretzel.importers.tracing.text_values import condition, constant_text, member
from pretzel.importers.tracing.values import Value
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

OTHERWISE = "use OneHotEncoder, pd.Categorical with categories=, or .reindex(columns=..., fill_value=0) after it"
LEFT = ("sparse", "drop_first", "dummy_na")
"""Options that are traced only if false."""


@dataclass(frozen=True, slots=True)
class Categories(Value):
    """Texts of fixed categories; others are missing."""

    known: tuple[str, ...] = ()


class SymbolicCategories(SymbolicSeries):
    """A column of categories, of which dummies, codes and texts are traced."""

    part: Categories

    def as_value(self) -> Value:
        """End the trace: its values are not numbers."""
        raise TraceEnd(f"it computes with column {self.name!r}, which holds categories", "use .cat.codes")

    @property
    def dtype(self) -> Any:
        """The type."""
        return pd.CategoricalDtype(list(self.part.known))

    @property
    def cat(self) -> SymbolicCategories:
        """The methods of categories."""
        return self

    @property
    def codes(self) -> SymbolicSeries:
        """The position of each among the categories, -1 for others; without a name, as pandas has it."""
        kind = pd.Categorical([], list(self.part.known)).codes.dtype
        found = ops.Lookup(self.part.node, Parameter.strings(list(self.part.known)))
        return SymbolicSeries(converted(Value(found, np.zeros(len(self.part.example), np.int64)), kind))

    def isna(self) -> SymbolicSeries:
        """Return whether each is missing."""
        return SymbolicSeries(elementwise(np.less, self.codes.as_value(), 0), self.name)

    isnull = isna

    def astype(self, dtype: Any, **_: Any) -> SymbolicSeries:
        """Return the same, as categories."""
        if str(dtype) != "category":
            raise TraceEnd(f"categories .astype({dtype!r:.20}) are not traced", "use the texts before")
        return self


def categories(values: Any, categories: Any = None, ordered: Any = None, dtype: Any = None, **_: Any) -> Any:
    """``pandas.Categorical`` of a symbolic column."""
    if not isinstance(values, SymbolicSeries):
        return pd.Categorical(values, categories, ordered, dtype)
    return of_categories(values, dtype.categories if dtype is not None else categories)


def of_categories(series: SymbolicSeries, known: Any) -> SymbolicSeries:
    """Return texts as fixed categories.

    Raises:
        TraceEnd: they are not fixed, or not of texts.
    """
    settle_open(series)
    if known is None or not isinstance(series, SymbolicTexts):
        raise TraceEnd("categories are those of all rows of a batch", "give categories=, of texts")
    texts = tuple(known)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise TraceEnd("these categories are not texts", "give a list of texts")
    node = ops.ChooseText(member(series.node, texts), series.node, constant_text(None, series.node))
    return SymbolicSeries(Categories(node, series.part.example, texts), series.name)


SymbolicSeries.kinds[Categories] = SymbolicCategories
SymbolicTexts.as_categories = of_categories


class Dummies:
    """A table whose columns are known once ``reindex`` names them."""

    def __init__(self, kept: Mapping[Any, Part], made: Mapping[str, Node], dtype: Any) -> None:
        """Hold the columns that stay, and those of which dummies are made, by the prefix of their names."""
        self._kept, self._made, self._dtype = kept, made, dtype

    def reindex(self, labels: Any = None, *, columns: Any = None, axis: Any = None, fill_value: Any = np.nan) -> Any:
        """Return the named columns; those of a value that no row has are filled."""
        columns = labels if columns is None and axis in (1, "columns") else columns
        if columns is None or fill_value != 0 or isinstance(fill_value, bool):
            raise TraceEnd("a column that no row of a batch has is missing", "use .reindex(columns=..., fill_value=0)")
        if self._dtype is bool:
            raise TraceEnd("pd.get_dummies makes booleans, and reindex fills with integers", "give it dtype=int")
        return SymbolicFrame({name: self._column(name) for name in columns})

    def _column(self, name: Any) -> Part:
        found = [prefix for prefix in self._made if isinstance(name, str) and name.startswith(prefix)]
        if name in self._kept and not found:
            return self._kept[name]
        if name in self._kept or len(found) != 1:
            raise TraceEnd(f"column {name!r} is of no column that is given, or of several", "give other prefixes")
        return _is(self._made[found[0]], name.removeprefix(found[0]), self._dtype)

    def __getattr__(self, name: str) -> Any:
        """End the trace: the columns depend on all rows."""
        if name.startswith("__"):
            raise AttributeError(name)
        self.ends()

    def ends(self) -> NoReturn:
        """End the trace: the columns depend on all rows."""
        raise TraceEnd("pd.get_dummies makes a column for each value of a batch", OTHERWISE)

    def __getitem__(self, key: Any) -> Any:
        """End the trace: the columns depend on all rows."""
        self.ends()


def _is(x: Node, value: str, dtype: Any) -> Value:
    return converted(condition(member(x, [value])), np.dtype(dtype))


def get_dummies(
    data: Any, prefix: Any = None, prefix_sep: Any = "_", columns: Any = None, dtype: Any = None, **options: Any
) -> Any:
    """``pandas.get_dummies`` of a symbolic column or table."""
    if not isinstance(data, (SymbolicSeries, SymbolicFrame)):
        return pd.get_dummies(data, prefix, prefix_sep, columns=columns, dtype=dtype, **options)
    wrong = [name for name, value in options.items() if name not in LEFT or value]
    if wrong:
        raise unknown(f"pd.get_dummies with {wrong[0]}=")
    kind = bool if dtype is None else plain(dtype)
    if not isinstance(prefix_sep, str):
        raise unknown("pd.get_dummies with several prefix_sep")
    if isinstance(data, SymbolicSeries):
        start = "" if prefix is None else f"{prefix}{prefix_sep}"
        return _of_columns({}, [(start, data)], kind)
    chosen = list(columns) if columns is not None else [name for name in data.parts if _is_made(data[name])]
    kept = {name: part for name, part in data.parts.items() if name not in chosen}
    starts = [f"{one}{prefix_sep}" for one in _prefixes(prefix, chosen)]
    return _of_columns(kept, list(zip(starts, (data[name] for name in chosen), strict=True)), kind)


def _is_made(series: Any) -> bool:
    """Return whether dummies are made of a column without ``columns=``."""
    return isinstance(series, (SymbolicTexts, SymbolicCategories))


def _prefixes(prefix: Any, names: Sequence[Any]) -> list[Any]:
    if isinstance(prefix, Mapping):
        return [prefix[name] for name in names]
    if prefix is None or isinstance(prefix, str):
        return [name if prefix is None else prefix for name in names]
    return list(prefix)


def _of_columns(kept: Mapping[Any, Part], chosen: Sequence[tuple[str, Any]], dtype: Any) -> Any:
    """Return a table if all columns have fixed categories, else what ``reindex`` makes one of."""
    for _, series in chosen:
        settle_open(series)
        if not _is_made(series):
            raise TraceEnd(f"pd.get_dummies of column {series.name!r}, which holds no texts", OTHERWISE)
    if len({start for start, _ in chosen}) < len(chosen):
        raise TraceEnd("pd.get_dummies of several columns with one prefix", "give each its own")
    if not all(isinstance(series, SymbolicCategories) for _, series in chosen):
        return Dummies(kept, {start: series.part.node for start, series in chosen}, dtype)
    pairs = [(start, series.part, value) for start, series in chosen for value in series.part.known]
    made = {f"{start}{value}": _is(part.node, value, dtype) for start, part, value in pairs}
    return SymbolicFrame({**kept, **made})
