"""Python's ``re`` as traced functions of single texts see it."""

from __future__ import annotations

import re
from typing import Any

from pretzel.importers.tracing.branches import decide
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.strings import SymbolicText, opened
from pretzel.importers.tracing.text_values import (
    checked,
    constant_text,
    contains,
    group_is_certain,
    matches,
    missing,
    replaced,
    without_groups,
)
from pretzel.importers.tracing.tokens import SymbolicTokens
from pretzel.plan import ops


class Found:
    """The first match in a text that has one."""

    def __init__(self, x: Any, pattern: str) -> None:
        """Search a text."""
        self._x, self._pattern = x, pattern

    def group(self, number: int = 0) -> SymbolicText:
        """Return the match, or its group."""
        if number == 0:
            return SymbolicText(self._picked(without_groups(self._pattern)))
        if number != 1 or re.compile(self._pattern).groups != 1 or not group_is_certain(self._pattern):
            raise TraceEnd("a pattern with several groups is not traced", "use one group")
        return SymbolicText(self._picked(self._pattern))

    __getitem__ = group

    def _picked(self, pattern: str) -> Any:
        picked = ops.PickToken(ops.Tokenize(self._x, pattern), 0)
        return ops.ChooseText(missing(picked), constant_text("", picked), picked)


def _search(pattern: Any, text: Any, flags: int = 0, *, form: str = "{}") -> Any:
    compiled = re.compile(pattern, flags)
    if not isinstance(opened(text), SymbolicText):
        return compiled.search(text)
    x, anchored = opened(text)._x(), checked(form.format(compiled.pattern), compiled.flags & ~re.UNICODE)
    return Found(x, anchored) if decide(contains(x, anchored)) else None


def _sub(pattern: Any, repl: Any, text: Any, count: int = 0, flags: int = 0) -> Any:
    if not isinstance(opened(text), SymbolicText):
        return re.sub(pattern, repl, text, count=count, flags=flags)
    if count or not isinstance(repl, str):
        raise unknown("re.sub with a function or a count")
    pattern = pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, flags)
    return SymbolicText(replaced(opened(text)._x(), pattern, repl, regex=True))


def _findall(pattern: Any, text: Any, flags: int = 0) -> Any:
    if not isinstance(opened(text), SymbolicText):
        return re.findall(pattern, text, flags)
    return SymbolicTokens(matches(opened(text)._x(), pattern, flags))


def _split(pattern: Any, text: Any, maxsplit: int = 0, flags: int = 0) -> Any:
    if isinstance(opened(text), SymbolicText):
        raise TraceEnd("re.split is not traced", "use re.findall of what is between, or str.split")
    return re.split(pattern, text, maxsplit=maxsplit, flags=flags)


class Pattern:
    """A compiled pattern."""

    def __init__(self, compiled: re.Pattern[str]) -> None:
        """Wrap it."""
        self.compiled = compiled

    def search(self, text: Any) -> Any:
        """``re.search``."""
        return _search(self.compiled, text)

    def match(self, text: Any) -> Any:
        """``re.match``."""
        return _search(self.compiled, text, form=r"\A(?:{})")

    def fullmatch(self, text: Any) -> Any:
        """``re.fullmatch``."""
        return _search(self.compiled, text, form=r"\A(?:{})\Z")

    def sub(self, repl: Any, string: Any, count: int = 0) -> Any:
        """``re.sub``."""
        return _sub(self.compiled, repl, string, count)

    def findall(self, text: Any) -> Any:
        """``re.findall``."""
        return _findall(self.compiled, text)

    def __getattr__(self, name: str) -> Any:
        """Return another attribute of the pattern."""
        return getattr(self.compiled, name)


def pattern_of(value: Any) -> Any:
    """Return a compiled pattern, or a bound method of one, as traced functions see it; anything else unchanged."""
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return Pattern(value)
    owner = getattr(value, "__self__", None)
    if isinstance(owner, re.Pattern) and isinstance(owner.pattern, str):
        return getattr(Pattern(owner), value.__name__)
    return value


RE = {
    "sub": _sub, "findall": _findall, "search": _search, "split": _split,
    "match": lambda pattern, text, flags=0: _search(pattern, text, flags, form=r"\A(?:{})"),
    "fullmatch": lambda pattern, text, flags=0: _search(pattern, text, flags, form=r"\A(?:{})\Z"),
    "compile": lambda pattern, flags=0: Pattern(re.compile(pattern, flags)),
}  # fmt: skip
"""The functions of ``re``."""
