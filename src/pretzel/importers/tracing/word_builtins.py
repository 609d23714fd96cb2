"""Python's functions of many values, as traced functions see them: sums, extremes and conditions over words."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import decide, loops_begun, raise_unless, word_of
from pretzel.importers.tracing.elements import SymbolicNumber, of_condition
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.word_lists import some_of
from pretzel.importers.tracing.word_loops import Word
from pretzel.importers.tracing.word_sums import extreme, total
from pretzel.plan import ops


def sum_of(values: Iterable[Any], start: Any = 0) -> Any:
    """Return the ``sum`` of values; a sum over words is one symbolic number."""
    pairs = list(_with_words(values))
    of_words = _of_words(pairs)
    if of_words is None:
        return builtins.sum([item for _, item in pairs], start)
    added = total(of_words)
    if isinstance(added.node, ops.SumTokens) and not (isinstance(start, (int, float)) and start == 0):
        raise TraceEnd("a sum of floats of words from a start is not traced", "add it after the sum")
    return SymbolicNumber(added) + start


def max_of(*values: Any, **options: Any) -> Any:
    """Return the ``max`` of values; that of the lengths of words is one symbolic number."""
    return _extreme(builtins.max, values, options)


def min_of(*values: Any, **options: Any) -> Any:
    """Return the ``min`` of values; that of the lengths of words is one symbolic number."""
    return _extreme(builtins.min, values, options)


def _extreme(function: Any, values: Sequence[Any], options: dict[str, Any]) -> Any:
    """Return the largest or least of values; of lengths of words, by what finds it among tokens."""
    if len(values) != 1 or "key" in options:
        return function(*values, **options)
    pairs = list(_with_words(values[0]))
    of_words = _of_words(pairs)
    if of_words is None:
        return function([item for _, item in pairs], **options)
    longest, number = extreme(of_words, least=function is builtins.min)
    some = operators.applied(np.greater, (number, 0))
    if "default" not in options:
        raise_unless(some.node, ValueError(f"{function.__name__}() arg is an empty sequence"))
    elif options["default"] != 0 and not decide(some.node):
        return options["default"]
    return SymbolicNumber(longest)


def _with_words(values: Iterable[Any]) -> Iterator[tuple[Word | None, Any]]:
    """Yield each item with the word that it was made of, or during whose turn in a loop it is yielded."""
    begun = len(loops_begun())
    for item in values:
        word = word_of(item.value.node) if isinstance(item, SymbolicNumber) else None
        running = [loop for loop in loops_begun()[begun:] if not loop.ended and loop.words]
        yield word or (running[-1].words[-1] if running else None), item


def _of_words(pairs: Sequence[tuple[Word | None, Any]]) -> list[tuple[Word, Any]] | None:
    """Return items as nodes and constants, with their words; None if they are made of none."""
    if not any(word for word, _ in pairs):
        return None
    if not all(word for word, _ in pairs):
        raise TraceEnd("values of words and others are added or tested together", "use one loop for each")
    return [(word, item.value.node if isinstance(item, SymbolicNumber) else item) for word, item in pairs if word]


def any_of(values: Iterable[Any]) -> Any:
    """Return ``any`` of values; of conditions on words it is one symbolic condition."""
    return _quantified(values, negated=False)


def all_of(values: Iterable[Any]) -> Any:
    """Return ``all`` of values; of conditions on words it is one symbolic condition."""
    some = _quantified(values, negated=True)
    return not some if isinstance(some, bool) else of_condition(operators.negated(some.value.node))


def _quantified(values: Iterable[Any], *, negated: bool) -> Any:
    """Return whether one of the values is true, or with ``negated`` whether one is not."""
    found = list[tuple[Word, Any]]()
    for word, value in _with_words(values):
        if word is None and bool(value) is not negated:
            return True
        if word is not None:
            found.append((word, _truth(value, negated)))
    return of_condition(some_of(found)) if found else False


def _truth(value: Any, negated: bool) -> Any:
    """Return whether a value is true, or false with ``negated``: a node for a condition on a word."""
    if isinstance(value, SymbolicNumber) and value.value.dtype.kind == "b" and word_of(value.value.node) is not None:
        return operators.negated(value.value.node) if negated else value.value.node
    return bool(value) is not negated
