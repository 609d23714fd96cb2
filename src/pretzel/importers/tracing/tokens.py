"""Symbolic words of one row: what a text is split into."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import decide, loop_over_words, raise_unless
from pretzel.importers.tracing.elements import SymbolicNumber
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.random_texts import LONGEST
from pretzel.importers.tracing.strings import SymbolicText, opened
from pretzel.importers.tracing.text_values import constant_text, missing, some, whole
from pretzel.importers.tracing.word_lists import collected, count, kept
from pretzel.importers.tracing.word_tests import all_of
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

NUMBERING = {"accumulate", "batched", "compress", "dropwhile", "enumerate", "islice", "pairwise", "takewhile", "zip"}
"""Functions that a loop over all words, in which each is run for itself, cannot show."""
SMALLER = f"use whole constants of at most {LONGEST:,} in functions that loop over words"
SUMS = "use a list of the words, or sum(...), any(...) or all(...) of them"


def length(x: Any) -> Any:
    """Return the length of a text or of a list of words."""
    if isinstance(x, SymbolicTokens):
        return SymbolicNumber(count(x.node))
    return SymbolicNumber(whole(ops.MeasureText(x._x(), "length")))


def tokens_in(x: Any) -> SymbolicTokens | None:
    """Return words, or a list that a loop over words made, as words; None for anything else."""
    if isinstance(x, SymbolicTokens):
        return x
    if not isinstance(x, (list, tuple)):
        return None
    items = [opened(item) for item in x]
    found = collected([_node_of(item) for item in items])
    return None if found is None else SymbolicTokens(found)


def _check_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Check that the body of a loop does not assign a name that had a value before.

    Texts may be: those of one word are found where they are used.
    """
    for name, value in after.items():
        if name in before and value is not before[name] and not isinstance(value, str):
            raise TraceEnd(f"a loop over words assigns {name} again", SUMS)


def _check_constants(frame: types.FrameType) -> None:
    """Check that no constant could count more words than the proof has."""
    for of in (frame, frame.f_back):
        for value in _constants_of(of) if of is not None else ():
            if type(value) is int and abs(value) > LONGEST:
                raise TraceEnd(f"a loop over words and the constant {value}, which may count them", SMALLER)


def _constants_of(frame: types.FrameType) -> Iterator[Any]:
    code = frame.f_code
    yield from code.co_consts
    for name in (*code.co_names, *code.co_freevars):
        yield frame.f_locals.get(name, frame.f_globals.get(name))


def _node_of(item: Any) -> Node | str | None:
    if isinstance(item, str):
        return item.node if isinstance(item, SymbolicText) else str(item)
    return item.value.node if isinstance(item, SymbolicNumber) else None


class SymbolicTokens:
    """The words of one row."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: Node) -> None:
        """Wrap a node."""
        self.node = node

    def __eq__(self, other: object) -> bool:
        """Raise: a list of words has no operator that compares it."""
        raise TraceEnd("a list or set of words is compared as a whole", "compare single words, or use words in a set")

    __ne__ = __eq__

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
        """Yield a word for each way through the body of a loop, and again.

        Raises:
            TraceEnd: the function that asks numbers words, or takes some of them by their number.
        """
        frame = sys._getframe(1)
        if numbering := NUMBERING.intersection(frame.f_code.co_names):
            raise TraceEnd(
                f"{min(numbering)} over words depends on their positions", "compute each word from that word"
            )
        _check_constants(frame)
        return self._words()

    def _words(self) -> Iterator[Any]:
        loop, frame = loop_over_words(self.node), sys._getframe(1)
        for failure in loop.plan.failures:
            failed = kept(loop, all_of(failure.read))
            raise_unless(operators.applied(np.equal, (count(failed), 0)).node, failure.error)
        before = dict(frame.f_locals)
        for word in loop:
            yield SymbolicText(word.leaf)
            _check_names(before, frame.f_locals)

    def __contains__(self, item: Any) -> bool:
        """Return whether a constant text is one of the words, on the way that is being run."""
        return decide(some(self._equal(item)))

    def count(self, item: str) -> Any:
        """Return how many of the words are a constant text."""
        return SymbolicNumber(count(self._equal(item)))

    def _equal(self, item: Any) -> Node:
        if not isinstance(item, str) or isinstance(item, SymbolicText):
            raise TraceEnd("a word of a row is looked up among words", "look up constant words")
        return ops.KeepTokens((self.node, self.node), ("equal",), (False,), (str(item),), (0,))


class SymbolicSet(SymbolicTokens):
    """The distinct words of one row."""

    def __init__(self, node: Node) -> None:
        """Wrap a node of words."""
        super().__init__(ops.UniqueTokens(node))

    def __getitem__(self, key: Any) -> Any:
        """Raise the error of a set."""
        raise TypeError("'set' object is not subscriptable")

    def __and__(self, other: Any) -> SymbolicSet:
        """Return the words that are in a constant set."""
        return self._of(other, negated=False)

    def __sub__(self, other: Any) -> SymbolicSet:
        """Return the words that are not in a constant set."""
        return self._of(other, negated=True)

    __rand__ = intersection = __and__
    difference = __sub__

    def _of(self, other: Any, *, negated: bool) -> SymbolicSet:
        if not isinstance(other, (set, frozenset, list, tuple, dict)) or not all(type(word) is str for word in other):
            raise TraceEnd("words are compared with a set that is not constant", "use sets of constant words")
        words = Parameter.strings(sorted(set(other)))
        return SymbolicSet(ops.KeepTokens((self.node, self.node), ("member",), (negated,), ("",), (0,), words=words))


SymbolicText.parts_of = SymbolicTokens
