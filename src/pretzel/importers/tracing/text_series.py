"""Symbolic series of texts: one column of texts of a pandas table during a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import loop_over
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.series import SymbolicSeries, settle_open
from pretzel.importers.tracing.singles import applied, element_of
from pretzel.importers.tracing.str_methods import TextMethods
from pretzel.importers.tracing.strings import opened
from pretzel.importers.tracing.text_numbers import numbers_of
from pretzel.importers.tracing.text_values import (
    ObjectText,
    Text,
    chosen_text,
    condition,
    constant_text,
    mapped,
    member,
    missing,
)
from pretzel.importers.tracing.values import Value
from pretzel.plan import ops
from pretzel.plan.node import Node

NUMBERS = "a column of texts is used as numbers"


class SymbolicTexts(SymbolicSeries):
    """A column of texts."""

    part: Text
    as_categories: Any
    """Returns the column as fixed categories (:mod:`.dummies`)."""

    @property
    def of_objects(self) -> bool:
        """True for a column of objects, whose methods of texts pandas leaves to Python."""
        return isinstance(self.part, ObjectText)

    @property
    def node(self) -> Node:
        """The node."""
        return self.part.node

    @property
    def str(self) -> TextMethods:
        """The methods of texts."""
        return TextMethods(self)

    def _test(self, node: Node) -> SymbolicSeries:
        return SymbolicSeries(condition(node), self.name)

    def _text(self, node: Node) -> SymbolicSeries:
        return SymbolicSeries(type(self.part).of(node), self.name)

    def as_value(self) -> Value:
        """End the trace: its values are not numbers."""
        raise TraceEnd(f"it computes with column {self.name!r}, which holds texts", "use .map, .str.len() or .isin")

    @property
    def dtype(self) -> Any:
        """The type."""
        return pd.StringDtype(na_value=np.nan)

    def _apply(self, ufunc: np.ufunc, *arguments: Any) -> Any:
        if ufunc is np.add and len(arguments) == 2:
            node = ops.ConcatTexts(tuple(text_node(x, self.node) for x in arguments))
            objects = all(x.of_objects for x in arguments if isinstance(x, SymbolicTexts))
            return SymbolicSeries((ObjectText if objects else Text).of(node), self.name)
        if ufunc in (np.equal, np.not_equal):
            other = opened(arguments[1] if arguments[0] is self else arguments[0])
            if not isinstance(other, str):
                raise unknown("a comparison of texts with something else than a constant text")
            equal = ops.TestText(self.node, "equal", other)
            return self._test(equal if ufunc is np.equal else operators.negated(equal))
        raise TraceEnd(f"np.{ufunc.__name__} of texts is not traced", "use .map, .str methods or .isin")

    def __iter__(self) -> Iterator[Any]:
        """Return the text of one row: a loop computes each row alone."""
        loop_over(self.node)
        return iter((element_of(self.part),))

    def __setitem__(self, key: Any, new: Any) -> None:
        """Replace the values of a condition."""
        self.part = self.mask(key, new).part  # type: ignore[assignment]

    def fillna(self, value: Any = None, **_: Any) -> SymbolicSeries:
        """Replace missing texts."""
        return self._text(ops.ChooseText(missing(self.node), text_node(value, self.node), self.node))

    def isna(self) -> SymbolicSeries:
        """Return whether each is missing."""
        return self._test(missing(self.node))

    def notna(self) -> SymbolicSeries:
        """Return whether each is present."""
        return self._test(operators.negated(missing(self.node)))

    isnull, notnull = isna, notna

    def isin(self, values: Any) -> SymbolicSeries:
        """Return whether each is one of a few."""
        return self._test(member(self.node, list(values)))

    def where(self, cond: Any, other: Any = np.nan, **_: Any) -> SymbolicSeries:
        """Keep the texts of a condition."""
        return self._text(chosen_text(cond.as_value(), self.part, text_part(other)).node)

    def mask(self, cond: Any, other: Any = np.nan, **_: Any) -> SymbolicSeries:
        """Replace the texts of a condition."""
        return self._text(chosen_text(cond.as_value(), text_part(other), self.part).node)

    def map(self, arg: Any, na_action: Any = None) -> Any:
        """Look up each text in a dictionary, or apply a function."""
        return SymbolicSeries(mapped(self.node, arg), self.name) if isinstance(arg, Mapping) else self.apply(arg)

    def replace(self, to_replace: Any = None, value: Any = None, regex: Any = False, **_: Any) -> SymbolicSeries:
        """Replace whole texts by others, or the matches of a pattern."""
        if regex is True and isinstance(to_replace, str):
            return TextMethods(self).replace(to_replace, value, regex=True)  # type: ignore[no-any-return]
        if regex:
            raise unknown("replace with regex=")
        pairs = to_replace if isinstance(to_replace, Mapping) else _pairs(to_replace, value)
        replaced = mapped(self.node, pairs, self.part)
        return self._text(replaced.node) if isinstance(replaced, Text) else SymbolicSeries(replaced, self.name)

    def apply(self, func: Callable[..., Any], args: tuple[Any, ...] = (), **options: Any) -> Any:
        """Apply a function of one text."""
        value = applied(lambda x: func(x, *args, **options), element_of(self.part), self.node)
        return SymbolicSeries(value, self.name)

    def astype(self, dtype: Any, **_: Any) -> SymbolicSeries:
        """Return the texts as they are, as categories, or as the numbers that they spell."""
        dtype = getattr(dtype, "of", dtype)
        if dtype in (object, "object"):
            return SymbolicSeries(ObjectText.of(self.node), self.name)
        if dtype in (str, "str", "string"):
            return SymbolicSeries(Text.of(self.node), self.name)
        if hasattr(dtype, "categories"):
            return self.as_categories(dtype.categories)  # type: ignore[no-any-return]
        numbers = numbers_of(self.node, dtype)
        if numbers is not None:
            return SymbolicSeries(numbers, self.name)
        raise TraceEnd(f"texts as {getattr(dtype, '__name__', dtype)} are not traced", "use .map with a dictionary")

    def copy(self, deep: bool = True) -> SymbolicSeries:
        """Return a column that later assignments do not change."""
        return SymbolicSeries(self.part, self.name)

    def to_numpy(self, *_: Any, **__: Any) -> Any:
        """Return the texts, for a loop."""
        return self

    tolist = to_list = to_numpy

    @property
    def values(self) -> Any:
        """The texts, for a loop."""
        return self


def _pairs(old: Any, new: Any) -> dict[Any, Any]:
    olds = old if isinstance(old, list) else [old]
    news = new if isinstance(new, list) else [new] * len(olds)
    return dict(zip(olds, news, strict=True))


def text_part(x: Any) -> Any:
    """Return the value of a series of texts; None for a missing constant."""
    settle_open(x)
    if isinstance(x, SymbolicTexts):
        return x.part
    if isinstance(x, str) or x is None or (isinstance(x, float) and x != x):
        return x if isinstance(x, str) else None
    raise unknown(f"{type(x).__name__} beside texts")


def text_node(x: Any, beside: Node) -> Node:
    """Return a series of texts, or a constant text, as a node."""
    part = text_part(x)
    return part.node if isinstance(part, Value) else constant_text(part, beside)


SymbolicSeries.kinds[Text] = SymbolicSeries.kinds[ObjectText] = SymbolicTexts
