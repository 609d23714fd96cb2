"""Symbolic words of one row: what a text is split into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import decide, raise_unless
from pretzel.importers.tracing.elements import SymbolicNumber
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.marks import Counted, Piece, ends
from pretzel.importers.tracing.strings import SymbolicText
from pretzel.importers.tracing.text_values import constant_text, missing, some, whole
from pretzel.plan import ops
from pretzel.plan.node import Node


def length(x: Any) -> Any:
    """Return the length of a text or of a list of words."""
    if isinstance(x, Piece):
        ragged = x.of.type.layout == "ragged"
        return Counted(
            ops.MeasureText(ops.JoinTokens(x.of, ""), "length") if ragged else ends("a loop over characters")
        )
    if isinstance(x, SymbolicTokens):
        return SymbolicNumber(whole(ops.CountTokens(x.node)))
    return SymbolicNumber(whole(ops.MeasureText(x._x(), "length")))


class SymbolicTokens:
    """The words of one row."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: Node) -> None:
        """Wrap a node."""
        self.node = node

    def __bool__(self) -> bool:
        """Return whether there is a word, on the way that is being run."""
        return decide(some(self.node))

    def __getitem__(self, key: Any) -> SymbolicText:
        """Return a word."""
        if not isinstance(key, int):
            raise TraceEnd("a slice of words is not traced", "use single words, as in words[0]")
        count = whole(ops.CountTokens(self.node))
        within = operators.applied(np.greater, (count, key if key >= 0 else -key - 1))
        raise_unless(within.node, IndexError("list index out of range"))
        picked = ops.PickToken(self.node, key)
        return SymbolicText(ops.ChooseText(missing(picked), constant_text("", picked), picked))

    def __iter__(self) -> Iterator[Any]:
        """Return two marks of the words, of which only sums and joins are traced."""
        return iter((Piece(self.node, first=True), Piece(self.node, first=False)))

    def __len__(self) -> int:
        """End the trace: the function that is traced has another ``len``."""
        raise unknown("len() in a library")

    def __contains__(self, item: Any) -> bool:
        """End the trace."""
        raise TraceEnd("a word is looked up among words", "use re.search with \\b on both sides")


SymbolicText.parts_of = SymbolicTokens
