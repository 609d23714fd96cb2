"""Conditions on single words as tests of tokens: literals, and formulas of them in clauses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pretzel.importers.tracing.ending import TraceEnd
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.token_tests import MEASURES, PROPERTIES
from pretzel.plan.parameter import Parameter

NOT_TRACED = "a condition of this kind on single words is not traced"
KINDS = "compare their lengths, or use startswith, isalpha and their like, ==, or a set that is looked up"
MOST_CLAUSES = 32


@dataclass(frozen=True, slots=True)
class Literal:
    """A test of one word."""

    read: Node
    """The text that is tested, made of the word."""
    test: str
    text: str = ""
    least: int = 0
    words: tuple[str, ...] = ()
    negated: bool = False


Clause = tuple[Literal, ...]
"""Tests of which one passes."""
Formula = tuple[Clause, ...]
"""Clauses that all hold; none is always true, and an empty one is false."""
TRUE: Formula = ()
FALSE: Formula = ((),)


def both(a: Formula, b: Formula) -> Formula:
    """Return ``a and b``."""
    clauses = tuple(dict.fromkeys((*a, *b)))
    if () in clauses:
        return FALSE
    kept = tuple(c for c in clauses if not any(set(other) < set(c) for other in clauses))
    if len(kept) > MOST_CLAUSES:
        raise TraceEnd("the conditions on single words are too many", "use fewer, or a set of words that is looked up")
    return kept


def either(a: Formula, b: Formula) -> Formula:
    """Return ``a or b``."""
    result = TRUE
    for left in a:
        for right in b:
            clause = tuple(dict.fromkeys((*left, *right)))
            if not any(replace(literal, negated=not literal.negated) in clause for literal in clause):
                result = both(result, (clause,))
    return result


def opposite(a: Formula) -> Formula:
    """Return ``not a``."""
    result = FALSE
    for clause in a:
        none = TRUE
        for literal in clause:
            none = both(none, ((replace(literal, negated=not literal.negated),),))
        result = either(result, none)
    return result


def chosen(condition: Formula, a: Formula, b: Formula) -> Formula:
    """Return ``a if condition else b``."""
    if a == b:
        return a
    if FALSE in (a, b):  # without an "or", which takes one set of words only
        return both(opposite(condition), b) if a == FALSE else both(condition, a)
    return both(either(opposite(condition), a), either(condition, b))


def formula_of(condition: Node) -> Formula:
    """Return a condition on one word.

    Raises:
        TraceEnd: it is not made of tests of a word.
    """
    if isinstance(condition, ops.Constant):
        return TRUE if condition.row.array.all() else FALSE
    if isinstance(condition, ops.TestText) and condition.function in PROPERTIES:
        return ((Literal(condition.x, condition.function, condition.text),),)
    if isinstance(condition, ops.Where):
        return chosen(*map(formula_of, condition.inputs))
    if isinstance(condition, ops.Compare):
        return _compared(condition)
    raise TraceEnd(NOT_TRACED, KINDS)


def _compared(condition: ops.Compare) -> Formula:
    a, b = condition.a, condition.b
    if a.type.dtype == "bool" and isinstance(b, ops.Constant) and condition.function == "equal":
        return formula_of(a) if b.row.array.all() else opposite(formula_of(a))
    if isinstance(b, ops.Constant):
        number = _finite(b)
        reached, more = _measured(a, math.ceil(number)), _measured(a, math.floor(number) + 1)
        if condition.function == "equal":
            return both(reached, opposite(more))
        return opposite(reached if condition.function == "less" else more)
    if isinstance(a, ops.Constant) and condition.function != "equal":
        number = _finite(a)
        return _measured(b, math.floor(number) + 1 if condition.function == "less" else math.ceil(number))
    raise TraceEnd(NOT_TRACED, KINDS)


def _finite(constant: ops.Constant) -> float:
    number = constant.row.array.item()
    if not math.isfinite(number):
        raise TraceEnd(NOT_TRACED, KINDS)
    return number  # type: ignore[no-any-return]


def _measured(x: Node, least: int) -> Formula:
    """Return whether a number of a word is at least this."""
    while isinstance(x, ops.Cast) and x.x.type.dtype in ("i64", "f64"):
        x = x.x
    if isinstance(x, ops.MeasureText) and x.function in MEASURES and abs(least) < 2**62:
        return ((Literal(x.x, x.function, x.text, least),),)
    if isinstance(x, ops.Lookup) and x.x.type.is_text and least == 0:
        return ((Literal(x.x, "member", words=tuple(x.keys.texts)),),)
    raise TraceEnd(NOT_TRACED, KINDS)


def all_of(read: Sequence[tuple[Node, bool]]) -> Formula:
    """Return whether all conditions of a way are as they were read."""
    result = TRUE
    for condition, answer in read:
        result = both(result, formula_of(condition) if answer else opposite(formula_of(condition)))
    return result


def attributes(clause: Clause) -> dict[str, Any]:
    """Return the attributes of an operator with the tests of a clause.

    Raises:
        TraceEnd: several of them look words up in different sets.
    """
    sets = {literal.words for literal in clause if literal.test == "member"}
    if len(sets) > 1:
        raise TraceEnd("words are looked up in several sets at once", "unite the sets before")
    return {
        "tests": tuple(literal.test for literal in clause),
        "negated": tuple(literal.negated for literal in clause),
        "texts": tuple(literal.text for literal in clause),
        "least": tuple(literal.least for literal in clause),
        "words": Parameter.strings(sorted(sets.pop())) if sets else None,
    }


def is_stop_word_test(clause: Clause, word: Node) -> bool:
    """Return whether a clause is that the word itself is not in a set."""
    return len(clause) == 1 and clause[0].test == "member" and clause[0].negated and clause[0].read is word


def tree(ways: Sequence[tuple[Sequence[tuple[Node, bool]], Any]], depth: int = 0) -> Any:
    """Return the results of ways by their conditions: a result, or ``(condition, tree if it holds, tree if not)``.

    ``ways``: for each the conditions in the order in which they were read, with their answers; and its result.  A
    condition of which only one answer is on a way is left out.
    """
    if len({result for _, result in ways}) == 1 or len(ways[0][0]) == depth:
        return ways[0][1]
    condition = ways[0][0][depth][0]
    true, false = ([way for way in ways if way[0][depth][1] is answer] for answer in (True, False))
    if not true or not false:
        return tree(true or false, depth + 1)
    return condition, tree(true, depth + 1), tree(false, depth + 1)


def where(branches: Any, kept: Any) -> Formula:
    """Return the condition on which a tree has a result that ``kept`` accepts."""
    if not isinstance(branches, tuple):
        return TRUE if kept(branches) else FALSE
    condition, true, false = branches
    a, b = where(true, kept), where(false, kept)
    return a if a == b else chosen(formula_of(condition), a, b)
