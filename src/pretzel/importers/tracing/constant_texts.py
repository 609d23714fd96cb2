"""Constants of a traced function: texts that hold, join or format texts of rows, and sets that hold them."""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Iterable
from typing import Any

from pretzel.importers.tracing.branches import decide, word_of
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.single_builtins import collection
from pretzel.importers.tracing.strings import SymbolicText, opened
from pretzel.importers.tracing.text_values import member
from pretzel.importers.tracing.word_lists import is_character
from pretzel.plan.node import Node

METHODS = ("join", "format")
STORES = ("STORE_FAST", "STORE_DEREF")
LONGEST = 64
"""The longest constant of which all parts are known."""


class ConstantText(str):
    """A constant text of a traced function."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> Any:
        """Compare with a text."""
        return other.__eq__(str(self)) if isinstance(other, SymbolicText) else str.__eq__(self, other)

    def __ne__(self, other: object) -> Any:
        """Compare with a text."""
        return other.__ne__(str(self)) if isinstance(other, SymbolicText) else str.__ne__(self, other)

    def __contains__(self, item: Any) -> bool:
        """Return whether a text is a part of it, on the way that is being run."""
        item = opened(item)
        return decide(self._parts(item.node)) if isinstance(item, SymbolicText) else str.__contains__(self, item)

    def _parts(self, node: Node) -> Node:
        word = word_of(node)
        if word is not None and is_character(word, node):
            return member(node, list(dict.fromkeys(str(self))))
        if len(self) > LONGEST:
            raise TraceEnd(f"a text is looked up in a constant of over {LONGEST} characters", "use a set of words")
        ends = range(len(self) + 1)
        return member(node, list(dict.fromkeys(str(self)[i:j] for i in ends for j in ends[i:])))

    def join(self, items: Iterable[str], /) -> str:
        """Join texts."""
        return opened(str.join(self, items))  # type: ignore[no-any-return]

    def format(self, *arguments: Any, **named: Any) -> str:
        """Format texts."""
        return opened(str.format(self, *arguments, **named))  # type: ignore[no-any-return]

    def __mod__(self, arguments: Any) -> str:
        """Format texts."""
        return opened(str.__mod__(self, arguments))  # type: ignore[no-any-return]


def method_of_text(name: str) -> Callable[..., Any]:
    """Return a method of ``str`` as a function, as ``str.lower`` is one."""
    return lambda text, *arguments: getattr(opened(text), name)(*arguments)


def with_constants(code: types.CodeType) -> types.CodeType:
    """Return the same code with constants that know the texts of rows."""
    texts = _used_as_texts(code)
    return code.replace(co_consts=tuple(_seen(value, i in texts) for i, value in enumerate(code.co_consts)))


def _seen(value: Any, text: bool) -> Any:
    if isinstance(value, types.CodeType):
        return with_constants(value)
    return ConstantText(value) if text and type(value) is str else collection(value)


def _used_as_texts(code: types.CodeType) -> set[int | None]:
    """Return the places of the constants that join, format, are looked into, or may be by another name."""
    instructions = list(dis.get_instructions(code))
    return {
        one.arg
        for one, after in zip(instructions, instructions[1:], strict=False)
        if one.opname == "LOAD_CONST" and (after.opname in ("CONTAINS_OP", *STORES) or after.argval in METHODS)
    }
