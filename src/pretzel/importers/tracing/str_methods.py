"""The ``.str`` of a symbolic series of texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.folding import certain, differs
from pretzel.importers.tracing.series import SymbolicSeries
from pretzel.importers.tracing.str_parts import Expanded, Parts
from pretzel.importers.tracing.text_values import (
    BY_PANDAS,
    character_at,
    checked,
    condition,
    constant_text,
    contains,
    group_is_certain,
    is_literal,
    matches,
    missing,
    number_where_present,
    present,
    replaced,
    some,
    whole,
    without_groups,
)
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.strings import CASES, END, OF_CHARACTERS, SIMPLE

OTHERWISE = {"isdigit": ".str.isdecimal()", "isnumeric": ".str.isdecimal()",
    "islower": ".str.match", "isupper": ".str.match"}  # fmt: skip
"""Alternatives to tests of characters that Arrow answers differently from Python."""


class TextMethods:
    """``.str`` of texts."""

    def __init__(self, series: Any) -> None:
        """Read a series of texts."""
        self._series, self._x = series, series.node
        BY_PANDAS.get().append(True)

    def _text(self, node: Node) -> Any:
        return self._series._text(node)

    @property
    def _by_arrow(self) -> bool:
        """True if pandas computes by Arrow: for columns of its text type, if pyarrow is installed."""
        return not self._series.of_objects and pd.Series(["a"]).dtype == "str" and _storage() == "pyarrow"

    def _case(self, name: str) -> str:
        if not self._by_arrow or name == "casefold":
            return name
        if f"simple_{name}" not in SIMPLE:
            raise TraceEnd(f".str.{name} of Arrow differs from Python's", f"use .apply(str.{name})")
        return f"simple_{name}"

    def _test(self, node: Node, na: Any = None) -> Any:
        if na is True:
            node = operators.logic("or", missing(self._x), node)
        return SymbolicSeries(condition(node), self._series.name)

    def _number(self, node: Node) -> Any:
        return SymbolicSeries(number_where_present(self._x, node), self._series.name)

    def __getattr__(self, name: str) -> Any:
        """Return a method without arguments, or end the trace."""
        if name in CASES:
            return lambda: self._text(ops.ChangeCase(self._x, self._case(name)))
        if name in OF_CHARACTERS:
            if name in OTHERWISE and self._by_arrow:
                raise TraceEnd(f".str.{name} of Arrow differs from Python's", f"use {OTHERWISE[name]}")
            return lambda: self._test(ops.TestText(self._x, name))
        if name.startswith("__"):
            raise AttributeError(name)
        raise TraceEnd(
            f".str.{name} is not traced", "use other methods of .str, or compute the column before the model"
        )

    def __getitem__(self, key: Any) -> Any:
        """Return a character or a slice of each text."""
        return self.slice(key.start, key.stop, key.step) if isinstance(key, slice) else self.get(key)

    def get(self, i: int) -> Any:
        """Return a character."""
        return self._text(character_at(self._x, i))

    def slice(self, start: int | None = None, stop: int | None = None, step: int | None = None) -> Any:
        """Return some characters."""
        if step not in (None, 1):
            raise unknown(".str.slice with a step")
        return self._text(ops.SliceText(self._x, start or 0, END if stop is None else stop))

    def strip(self, to_strip: str | None = None) -> Any:
        """Remove characters at both ends."""
        return self._text(ops.StripText(self._x, to_strip or "", "both"))

    def lstrip(self, to_strip: str | None = None) -> Any:
        """Remove characters at the start."""
        return self._text(ops.StripText(self._x, to_strip or "", "left"))

    def rstrip(self, to_strip: str | None = None) -> Any:
        """Remove characters at the end."""
        return self._text(ops.StripText(self._x, to_strip or "", "right"))

    def len(self) -> Any:
        """Return the number of characters, NaN for missing ones."""
        return self._number(ops.MeasureText(self._x, "length"))

    def count(self, pat: str, flags: int = 0) -> Any:
        """Count the matches of a pattern."""
        if is_literal(pat) and not flags:
            return self._number(ops.MeasureText(self._x, "count", pat))
        found: Node = ops.CountTokens(matches(self._x, without_groups(pat, flags)))
        if self._folds_by_arrow(pat, True, flags):
            found = operators.chosen(condition(certain(self._x)), whole(found), 0).node
        return self._number(found)

    def find(self, sub: str, start: int = 0, end: Any = None) -> Any:
        """Find a text."""
        if start or end is not None or not sub:
            raise unknown(".str.find within a range")
        return self._number(ops.MeasureText(self._x, "find", sub))

    def contains(self, pat: Any, case: bool = True, flags: int = 0, na: Any = None, regex: bool = True) -> Any:
        """Return whether a pattern is in each text."""
        by_arrow = self._folds_by_arrow(pat if regex or isinstance(pat, re.Pattern) else re.escape(pat), case, flags)
        if not case:
            pat, flags, regex = (pat if regex else re.escape(pat)), flags | re.IGNORECASE, True
        return self._test(self._if_certain(by_arrow, contains(self._x, pat, regex=regex, flags=flags)), na)

    def _folds_by_arrow(self, pat: Any, case: bool, flags: int) -> bool:
        return self._by_arrow and differs(pat, case=case, flags=flags)

    def _if_certain(self, by_arrow: bool, test: Node) -> Node:
        return operators.logic("and", certain(self._x), test) if by_arrow else test

    def match(self, pat: str, case: bool = True, flags: int = 0, na: Any = None) -> Any:
        """Return whether a pattern is at the start of each text."""
        return self._anchored(pat, r"\A(?:{})", case, flags, na)

    def fullmatch(self, pat: str, case: bool = True, flags: int = 0, na: Any = None) -> Any:
        """Return whether a pattern is each whole text."""
        return self._anchored(pat, r"\A(?:{})\Z", case, flags, na)

    def _anchored(self, pat: str, form: str, case: bool, flags: int, na: Any) -> Any:
        by_arrow = self._folds_by_arrow(pat, case, flags)
        found = matches(self._x, without_groups(form.format(pat), flags if case else flags | re.IGNORECASE))
        return self._test(self._if_certain(by_arrow, some(found)), na)

    def _ends(self, name: str, pat: Any, na: Any) -> Any:
        found: list[Node] = [ops.TestText(self._x, name, text) for text in (pat if isinstance(pat, tuple) else (pat,))]
        while len(found) > 1:
            found = [operators.logic("or", found[0], found[1]), *found[2:]]
        return self._test(found[0], na)

    def startswith(self, pat: Any, na: Any = None) -> Any:
        """Return whether each starts with a text."""
        return self._ends("startswith", pat, na)

    def endswith(self, pat: Any, na: Any = None) -> Any:
        """Return whether each ends with a text."""
        return self._ends("endswith", pat, na)

    def replace(
        self, pat: Any, repl: Any = None, n: int = -1, case: Any = None, flags: int = 0, regex: bool = False
    ) -> Any:
        """Replace literals, or the matches of a pattern."""
        if n != -1:
            raise unknown(".str.replace with n=")
        if isinstance(pat, Mapping):
            result = self._x
            for old, new in pat.items():
                result = replaced(result, old, new, regex=regex, flags=flags)
            return self._text(result)
        if case is False:
            pat, flags, regex = (pat if regex else re.escape(pat)), flags | re.IGNORECASE, True
        regex = regex or isinstance(pat, re.Pattern)
        result = replaced(self._x, pat, repl, regex=regex, flags=flags)
        if regex and self._folds_by_arrow(pat, True, flags):
            result = ops.ChooseText(certain(self._x), result, self._x)
        return self._text(result)

    def removeprefix(self, prefix: str) -> Any:
        """Remove a text at the start."""
        rest = ops.SliceText(self._x, len(prefix), END)
        return self._text(ops.ChooseText(ops.TestText(self._x, "startswith", prefix), rest, self._x))

    def removesuffix(self, suffix: str) -> Any:
        """Remove a text at the end."""
        rest = ops.SliceText(self._x, 0, -len(suffix)) if suffix else self._x
        return self._text(ops.ChooseText(ops.TestText(self._x, "endswith", suffix), rest, self._x))

    def zfill(self, width: int) -> Any:
        """Fill with zeros after a sign."""
        return self._text(ops.PadText(self._x, width, "0", "sign"))

    def pad(self, width: int, side: str = "left", fillchar: str = " ") -> Any:
        """Fill on a side."""
        return self._text(ops.PadText(self._x, width, fillchar, side))

    def ljust(self, width: int, fillchar: str = " ") -> Any:
        """Fill at the right."""
        return self.pad(width, "right", fillchar)

    def rjust(self, width: int, fillchar: str = " ") -> Any:
        """Fill at the left."""
        return self.pad(width, "left", fillchar)

    def center(self, width: int, fillchar: str = " ") -> Any:
        """Fill on both sides."""
        return self.pad(width, "both", fillchar)

    def split(self, pat: Any = None, *, n: int = -1, expand: bool = False, regex: Any = None) -> Any:
        """Split at separators."""
        if pat is not None and (regex or (not is_literal(pat) and not (regex is None and len(pat) == 1))):
            raise TraceEnd("splitting at a pattern is not traced", "split at a literal text, with regex=False")
        tokens = ops.SplitText(self._x, pat or "", n if n else -1)
        return Expanded(self._series, tokens) if expand else Parts(self._series, tokens)

    def findall(self, pat: Any, flags: int = 0) -> Any:
        """Find the matches of a pattern."""
        return Parts(self._series, matches(self._x, pat, flags))

    def extract(self, pat: Any, flags: int = 0, expand: bool = True) -> Any:
        """Return the group of the first match."""
        pattern = checked(pat, flags)
        if re.compile(pattern).groups != 1 or not group_is_certain(pattern):
            raise TraceEnd("a pattern with several groups, or with one in a choice, is not traced", "use one group")
        found = self._text(ops.PickToken(ops.Tokenize(present(self._x), pattern), 0))
        return found.to_frame(next(iter(re.compile(pattern).groupindex), 0)) if expand else found

    def cat(self, others: Any = None, sep: str | None = None, na_rep: Any = None, join: str = "left") -> Any:
        """Join each text with those of other columns."""
        if others is None:
            raise TraceEnd(".str.cat of one column reads several rows together", "join columns")
        result, nodes = self._x, [part.node for part in (others if isinstance(others, list) else [others])]
        if na_rep is not None:
            raise unknown(".str.cat with na_rep=")
        for node in nodes:
            between = (constant_text(sep, node),) if sep else ()
            result = ops.ConcatTexts((result, *between, node))
        return self._text(result)


def _storage() -> str:
    return str(getattr(pd.Series(["a"]).dtype, "storage", "python"))
