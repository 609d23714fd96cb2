"""Sums over the words of a row, as numbers: of whole numbers, conditions, lengths, and floats that are looked up."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.python_integers import check_constant, checked
from pretzel.importers.tracing.text_values import whole
from pretzel.importers.tracing.values import ROWS, Value
from pretzel.importers.tracing.word_lists import count, kept, over, yielded
from pretzel.importers.tracing.word_loops import Word, WordLoop
from pretzel.importers.tracing.word_tests import Formula, Literal, both, formula_of, where
from pretzel.plan import ops
from pretzel.plan.node import Node

NO_SUM = "a sum of this number of words is not traced"
SUMMED = "add lengths, counts, conditions, whole constants, or floats of one dictionary with the default 0.0"
ADDED = (*ops.strings.OF_CHARACTERS, "length", "count")
"""Measures of texts that add up over the words of a list."""
BETWEEN = "\n\t |"
"""Characters to put between words, so that a text without them is not found across two."""
COMPENSATED = sys.version_info >= (3, 12)
"""Whether ``sum`` adds the errors of its additions at the end."""


def total(items: Sequence[tuple[Word, Any]]) -> Value:
    """Return the sum of what a loop yields.

    ``items``: the words, and for each a number, a condition, or a number of the word as a node.
    """
    loop = items[0][0].loop
    branches = yielded(loop, items)
    kinds = dict.fromkeys(word.general(item) if isinstance(item, Node) else item for word, item in items)
    if (looked_up := _looked_up(kinds)) is not None:
        return _sum_of(looked_up, kinds, loop, branches)
    parts = [_part(loop, kind, where(branches, lambda item, kind=kind: item is not None and item == kind))
             for kind in kinds]  # fmt: skip
    result = parts[0]
    for part in parts[1:]:
        result = _computed(np.add, result, part)
    return result


def _computed(ufunc: np.ufunc, *values: Any) -> Value:
    """Return a ufunc of Python's integers, which do not wrap."""
    return checked(ufunc, values, operators.applied(ufunc, values))


def _part(loop: WordLoop, item: Any, condition: Formula) -> Value:
    """Return the sum of one kind of number over the words on which a condition holds."""
    if isinstance(item, int):
        check_constant(int(item))
        return _computed(np.multiply, count(kept(loop, condition)), int(item))
    if not isinstance(item, Node):
        raise TraceEnd(NO_SUM, SUMMED)
    if item.type.dtype == "bool":
        return count(kept(loop, both(condition, formula_of(item))))
    if isinstance(item, ops.Cast) and item.x.type.dtype == "bool":
        return _part(loop, item.x, condition)
    if not isinstance(item, ops.MeasureText) or item.function not in ADDED:
        raise TraceEnd(NO_SUM, SUMMED)
    between = next((c for c in BETWEEN if c not in item.text), None)
    if between is None:
        raise TraceEnd(NO_SUM, SUMMED)
    read = over(item.x, loop, kept(loop, condition))
    if item.function == "count":
        return whole(ops.MeasureText(ops.JoinTokens(read, between), "count", item.text))
    return whole(ops.MeasureText(ops.JoinTokens(read, ""), item.function))


def extreme(items: Sequence[tuple[Word, Any]], *, least: bool) -> tuple[Value, Value]:
    """Return the largest or least length that a loop yields, and the number of words that it is of.

    ``items``: the words, and for each its length as a node.

    Raises:
        TraceEnd: an item is something else, or of another text for some of the words.
    """
    loop = items[0][0].loop
    branches = yielded(loop, items)
    kinds = {word.general(item) if isinstance(item, Node) else item for word, item in items}
    (kind,) = kinds if len(kinds) == 1 else (None,)
    if not isinstance(kind, ops.MeasureText) or kind.function != "length":
        raise TraceEnd(
            "the largest or least of these numbers of words is not traced", "take it of the lengths of words"
        )
    tokens = kept(loop, where(branches, lambda item: item is not None))
    return whole(ops.LongestToken(over(kind.x, loop, tokens), least)), count(tokens)


def _looked_up(items: Iterable[Any]) -> ops.Take | None:
    """Return the look-up of floats among what is summed; None for none.

    Raises:
        TraceEnd: there are several.
    """
    found = [part for item in items if isinstance(item, Node) if (part := _floats_of(item)) is not None]
    if len(found) > 1:
        raise TraceEnd(NO_SUM, SUMMED)
    return found[0] if found else None


def _floats_of(item: Node) -> ops.Take | None:
    """Return the look-up of a float that an item is: zero for texts that the dictionary does not have."""
    taken = item.a if isinstance(item, ops.Where) and _is_zero(item.b) else item
    if not isinstance(taken, ops.Take) or taken.type.dtype != "f64" or taken.default != 0:
        return None
    return taken if isinstance(taken.codes, ops.Lookup) and taken.codes.keys.dtype == "str" else None


def _is_zero(item: Any) -> bool:
    if isinstance(item, Node):
        return isinstance(item, ops.Constant) and not item.row.array.any()
    return not isinstance(item, str) and bool(item == 0)


def _sum_of(looked_up: ops.Take, kinds: Iterable[Any], loop: WordLoop, branches: Any) -> Value:
    """Return the sum of floats that are looked up, in the order of the words; all other numbers are zero."""
    lookup = looked_up.codes
    assert isinstance(lookup, ops.Lookup)
    others = [kind for kind in kinds if not (isinstance(kind, Node) and _floats_of(kind) is looked_up)]
    if not all(map(_is_zero, others)):
        raise TraceEnd(NO_SUM, SUMMED)
    condition = where(branches, lambda item: isinstance(item, Node) and _floats_of(item) is looked_up)
    tokens = loop.tokens if _is_membership(condition, lookup) else kept(loop, condition)
    read = over(lookup.x, loop, tokens)
    return Value(ops.SumTokens(read, lookup.keys, looked_up.table, 0.0, COMPENSATED), np.ones(ROWS))


def _is_membership(condition: Formula, lookup: ops.Lookup) -> bool:
    """Return whether a condition leaves out only words that a dictionary does not have, whose number is zero."""
    return condition == ((Literal(lookup.x, "member", words=tuple(lookup.keys.texts)),),)
