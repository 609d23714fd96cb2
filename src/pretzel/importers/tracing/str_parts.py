"""Parts of a symbolic series of texts: lists of which single ones are read, and their number."""

from __future__ import annotations

from typing import Any

from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.series import SymbolicSeries
from pretzel.importers.tracing.text_values import ObjectText, missing, number_where_present
from pretzel.plan import ops
from pretzel.plan.node import Node

LISTS = "use .str[i], .str.get(i) or .str.len() of the parts"


class Parts:
    """A series of lists of texts, of which single ones and their number are read."""

    def __init__(self, series: Any, tokens: Node) -> None:
        """Wrap lists."""
        self._series, self._tokens = series, tokens

    def __getitem__(self, i: Any) -> Any:
        """Return one part."""
        if not isinstance(i, int):
            raise TraceEnd("a slice of lists is not traced", LISTS)
        return SymbolicSeries(ObjectText.of(ops.PickToken(self._tokens, i)), self._series.name)

    get = __getitem__

    def len(self) -> Any:
        """Return the number of parts."""
        value = number_where_present(self._series.node, ops.CountTokens(self._tokens))
        return SymbolicSeries(value, self._series.name)

    def join(self, sep: str) -> Any:
        """Join the parts."""
        x = self._series.node
        joined = ops.ChooseText(missing(x), x, ops.JoinTokens(self._tokens, sep))
        return SymbolicSeries(ObjectText.of(joined), self._series.name)

    def apply(self, func: Any) -> Any:
        """Apply ``len``."""
        if getattr(func, "__name__", "") == "len":
            return self.len()
        raise TraceEnd("a function of lists is not traced", LISTS)

    map = apply

    def __getattr__(self, name: str) -> Any:
        """End the trace."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise TraceEnd(f".{name} of lists is not traced", LISTS)

    @property
    def str(self) -> Parts:
        """Itself."""
        return self


class Expanded:
    """A table of the parts of texts, of which single columns are read: how many there are depends on all rows."""

    def __init__(self, series: Any, tokens: Node) -> None:
        """Wrap lists."""
        self._series, self._tokens = series, tokens

    def __getitem__(self, i: Any) -> Any:
        """Return one column, of the type of the texts."""
        if not isinstance(i, int) or i < 0:
            raise TraceEnd("several columns of parts are read at once", "read one by its number")
        return self._series._text(ops.PickToken(self._tokens, i)).rename(i)

    def __getattr__(self, name: str) -> Any:
        """End the trace."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise TraceEnd("expand=True makes a column for each part of the longest row", "use .str.split(...).str[i]")
