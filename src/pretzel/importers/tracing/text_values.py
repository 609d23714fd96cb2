"""Texts during a trace, and the operators of Python's and pandas' methods of texts, over nodes."""

from __future__ import annotations

import contextvars
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.values import ROWS, Value, made
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.strings import END
from pretzel.plan.parameter import Parameter
from pretzel.plan.regex.automaton import check
from pretzel.plan.regex.pattern import name_of, parse

KEEPING = (ops.ChangeCase, ops.StripText, ops.SliceText, ops.ReplaceText, ops.ReplaceMatches, ops.PadText)
LINEAR = "use a pattern that matches no empty text and needs no look ahead, or .str methods of literal texts"
MOST_PAIRS = 100_000
_OPENING = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)|\(\?P<\w+>", re.DOTALL)
"""The parentheses that open capturing groups; escaped characters and sets of characters are passed whole."""


OPEN: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar("OPEN", default=frozenset())
"""The columns whose type is unknown during a trace."""


class HoldsTextsError(BaseException):
    """A column of unknown type is used as texts: the trace starts again with that type."""

    def __init__(self, column: str) -> None:
        """Name the column."""
        super().__init__(column)
        self.column = column


class Text(Value):
    """One text per row."""

    @classmethod
    def of(cls, node: Node) -> Text:
        """Return a node of texts as a value."""
        return cls(node, np.array(["a"] * ROWS, object))


class ObjectText(Text):
    """One text per row of a pandas column of objects, whose methods of texts pandas leaves to Python."""


BY_PANDAS: contextvars.ContextVar[list[bool]] = contextvars.ContextVar("BY_PANDAS")
"""Whether a trace called pandas' methods of texts, which depend on the type of the column."""


def may_miss(node: Node) -> bool:
    """Return whether a text may be missing."""
    if isinstance(node, KEEPING):
        return may_miss(node.x)
    if isinstance(node, ops.ChooseText):
        filled = node.condition == missing(node.b) and not may_miss(node.a)
        return not filled and (may_miss(node.a) or may_miss(node.b))
    if isinstance(node, ops.ConcatTexts):
        return any(map(may_miss, node.parts))
    if isinstance(node, ops.TextOfCode):
        known = isinstance(node.codes, ops.Constant)
        return not known or not 0 <= int(node.codes.row.array[0]) < len(node.table)  # type: ignore[attr-defined]
    return not isinstance(node, (ops.JoinTokens, ops.FormatInteger, ops.Lowercase, ops.StripAccents, ops.Require))


def missing(x: Node) -> Node:
    """Return whether each text is missing."""
    return ops.TestText(x, "missing")


def constant_text(text: str | None, beside: Node) -> Node:
    """Return the same text for every row; None for a missing one."""
    code = ops.Constant(beside, Parameter.of(np.array([-1 if text is None else 0])))
    return ops.TextOfCode(code, Parameter.strings([text or ""]))


def present(x: Node) -> Node:
    """Return a text with an empty one in place of a missing one, for operators that reject those."""
    return ops.ChooseText(missing(x), constant_text("", x), x) if may_miss(x) else x


def condition(node: Node) -> Value:
    """Return a condition as a value."""
    return Value(node, np.ones(ROWS, np.bool_))


def whole(node: Node) -> Value:
    """Return integers as a value."""
    return Value(node, np.ones(ROWS, np.int64))


def character_at(x: Node, index: int) -> Node:
    """Return one character of each text, missing beyond it."""
    stop = END if index == -1 else index + 1
    length = whole(ops.MeasureText(x, "length"))
    within = operators.applied(np.greater, (length, index if index >= 0 else -index - 1))
    return ops.ChooseText(within.node, ops.SliceText(x, index, stop), constant_text(None, x))


def matches(x: Node, pattern: str | re.Pattern[str], flags: int = 0) -> Node:
    """Return the matches of a regular expression in each text, as ``re.findall``; of its group, if it has one.

    Raises:
        TraceEnd: no automaton finds them.
    """
    return ops.Tokenize(present(x), checked(pattern, flags))


def checked(pattern: Any, flags: int = 0) -> str:
    """Return a pattern that an automaton can find, with its flags written into it.

    Raises:
        TraceEnd: there is none.
    """
    compiled = re.compile(pattern, flags) if not isinstance(pattern, re.Pattern) else pattern
    letters = "".join(
        letter for letter, flag in zip("imsxa", (2, 8, 16, 64, 256), strict=True) if compiled.flags & flag
    )
    text = f"(?{letters}){compiled.pattern}" if letters and not compiled.pattern.startswith("(?") else compiled.pattern
    try:
        if re.compile(text).flags != compiled.flags:
            raise ValueError(f"pattern {text!r}: write its flags into it")
        check(text)
    except (ValueError, re.error) as error:
        raise TraceEnd(str(error), LINEAR) from None
    return text


def without_groups(pattern: Any, flags: int = 0) -> str:
    """Return a checked pattern whose groups do not capture."""
    compiled = re.compile(pattern, flags)
    opened = _OPENING.sub(_opened, compiled.pattern) if compiled.groups else compiled.pattern
    return checked(opened, compiled.flags & ~re.UNICODE)


def _opened(found: re.Match[str]) -> str:
    return "(?:" if found[0].startswith("(") else found[0]


def is_literal(pattern: Any) -> bool:
    """Return whether a pattern matches itself alone."""
    return isinstance(pattern, str) and pattern != "" and not set(pattern) & set(".^$*+?{}[]\\|()")


def group_is_certain(pattern: str) -> bool:
    """Return whether the group of a pattern takes part in each match."""
    return any(name_of(item) == "SUBPATTERN" and item[1][0] == 1 for item in parse(pattern))


def contains(x: Node, pattern: Any, *, regex: bool = True, flags: int = 0) -> Node:
    """Return whether a literal or a regular expression is in each text; false for a missing one."""
    if isinstance(pattern, str) and (not regex or (is_literal(pattern) and not flags)):
        return ops.TestText(x, "contains", pattern)
    return some(matches(x, without_groups(pattern, flags)))


def some(tokens: Node) -> Node:
    """Return whether there is a token."""
    return operators.applied(np.greater, (whole(ops.CountTokens(tokens)), 0)).node


def replaced(x: Node, pattern: Any, new: str, *, regex: bool, flags: int = 0) -> Node:
    """Return each text with a literal or the matches of a regular expression replaced.

    Raises:
        TraceEnd: no automaton finds them, or the new text refers to groups.
    """
    if not isinstance(new, str) or (regex and "\\" in new):
        raise TraceEnd(f"the replacement {new!r:.40} is not traced", "use a text without references to groups")
    if isinstance(pattern, str) and pattern and (not regex or (is_literal(pattern) and not flags)):
        return ops.ReplaceText(x, pattern, new)
    if not regex:
        raise TraceEnd("an empty text is replaced", "leave it out")
    return ops.ReplaceMatches(x, without_groups(pattern, flags), new)


def translated(x: Node, table: Any) -> Node:
    """Return each text with the characters of a table of ``str.maketrans`` removed or replaced.

    Raises:
        TraceEnd: the characters are not those of such a table, or one is replaced by another of them.
    """
    if not isinstance(table, Mapping) or not table or not all(isinstance(key, int) for key in table):
        raise TraceEnd("this table of characters is not traced", "use one of str.maketrans")
    new = {chr(key): chr(value) if isinstance(value, int) else value or "" for key, value in table.items()}
    if any(set(text) & set(new) for text in new.values()):
        raise TraceEnd("a table that replaces characters by others of it is not traced", "use two tables")
    removed = "".join(re.escape(key) for key, text in new.items() if not text)
    result = ops.ReplaceMatches(x, checked(f"[{removed}]+"), "") if removed else x
    for key, text in new.items():
        result = ops.ReplaceText(result, key, text) if text else result
    return result


def member(x: Node, texts: Sequence[Any]) -> Node:
    """Return whether each text is among some; false for a missing one."""
    known = [text for text in dict.fromkeys(texts) if isinstance(text, str)]
    if len(known) == 1:
        return ops.TestText(x, "equal", known[0])
    codes = whole(ops.Lookup(x, Parameter.strings(known)))
    return operators.applied(np.greater_equal, (codes, 0)).node


def mapped(x: Node, pairs: Mapping[Any, Any], otherwise: Value | None = None) -> Value:
    """Return for each text the value that a dictionary has for it; else ``otherwise``, or a missing one.

    Raises:
        TraceEnd: its values are of several kinds.
    """
    known = {key: value for key, value in pairs.items() if isinstance(key, str)}
    if not known or len(known) > MOST_PAIRS:
        raise TraceEnd(f"a dictionary of {len(known)} texts is not traced", f"use 1 to {MOST_PAIRS}")
    codes = ops.Lookup(x, Parameter.strings(list(known)))
    values = list(known.values())
    if all(isinstance(value, str) for value in values):
        texts = ops.TextOfCode(codes, Parameter.strings(values))
        return Text.of(texts) if otherwise is None else Text.of(_else(codes, texts, otherwise.node))
    table = np.asarray(values)
    if table.dtype.kind not in "biuf" or table.ndim != 1:
        raise TraceEnd("a dictionary of mixed values is not traced", "let its values be all texts or all numbers")
    if otherwise is None:
        return Value(ops.Take(codes, Parameter.of(table.astype(np.float64))), np.ones(ROWS))
    wide = table if table.dtype.kind == "f" else table.astype(np.int64)
    taken = Value(ops.Take(codes, Parameter.of(wide), 0.0), np.ones(ROWS, wide.dtype))
    taken = made(ops.Cast(taken.node, "bool"), taken.example == 1) if table.dtype.kind == "b" else taken
    return operators.chosen(operators.applied(np.greater_equal, (whole(codes), 0)), taken, otherwise)


def _else(codes: Node, texts: Node, otherwise: Node) -> Node:
    known = operators.applied(np.greater_equal, (whole(codes), 0))
    return ops.ChooseText(known.node, texts, otherwise)


def number_where_present(x: Node, number: Node) -> Value:
    """Return a number of each text, NaN for a missing one, as pandas does."""
    if not may_miss(x):
        return whole(number)
    return operators.chosen(condition(missing(x)), np.nan, Value(ops.Cast(number, "f64"), np.ones(ROWS)))


def chosen_text(test: Value, a: Any, b: Any) -> Text:
    """Return one of two texts for each row; each a value, a constant or None."""
    left, right = (
        x.node if isinstance(x, Value) else constant_text(x if isinstance(x, str) else None, test.node) for x in (a, b)
    )
    return Text.of(ops.ChooseText(operators.truth(test), left, right))
