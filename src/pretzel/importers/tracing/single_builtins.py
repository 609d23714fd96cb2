"""Python's own functions, types and dictionaries as traced functions of single values see them."""

from __future__ import annotations

import builtins
from collections import Counter
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import decide, raise_unless, word_of
from pretzel.importers.tracing.counters import counter_of
from pretzel.importers.tracing.elements import SymbolicNumber, as_value, of_condition
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.look_ups import looked_up
from pretzel.importers.tracing.singles import is_element
from pretzel.importers.tracing.strings import SymbolicText, opened, text_of_number
from pretzel.importers.tracing.text_numbers import number_of
from pretzel.importers.tracing.text_values import (
    mapped,
    may_miss,
    member,
    missing,
)
from pretzel.importers.tracing.tokens import SymbolicSet, length, tokens_in
from pretzel.importers.tracing.values import Value
from pretzel.importers.tracing.word_builtins import all_of, any_of, max_of, min_of, sum_of
from pretzel.importers.tracing.word_sums import COMPENSATED
from pretzel.plan import ops


def _len(x: Any) -> Any:
    x = opened(x)
    words = tokens_in(x)
    if words is not None or isinstance(x, SymbolicText):
        return length(x if words is None else words)
    if isinstance(x, SymbolicNumber):
        x.wish()
    return builtins.len(x)


def _set_of(*values: Any) -> Any:
    x = opened(values[0]) if values else None
    words = x.characters() if isinstance(x, SymbolicText) else tokens_in(x)
    return builtins.set(*values) if words is None else SymbolicSet(words.node)


class _Kind(type):
    """The class of stand-ins for types: ``int`` is called, compared with, and named as a type of NumPy."""

    of: type

    def __instancecheck__(cls, x: Any) -> bool:
        """Return whether a value of one row is of this type."""
        if cls.of is str and isinstance(x, SymbolicText):
            return not may_miss(x.node) or decide(operators.negated(missing(x.node)))
        if isinstance(x, SymbolicNumber):
            return x.value.dtype.kind in {int: "iub", float: "f", bool: "b"}.get(cls.of, "")
        return isinstance(x, cls.of)

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        """Convert a value."""
        x = opened(arguments[0]) if arguments else None
        if isinstance(x, SymbolicText):
            return _of_text(cls.of, x)
        if isinstance(x, SymbolicNumber) and len(arguments) == 1:
            return _of_number(cls.of, x)
        return cls.of(*arguments, **options)

    def __getattr__(cls, name: str) -> Any:
        """Return a method of the type, that of the value if it is symbolic."""
        method = getattr(cls.of, name)

        def call(x: Any, *arguments: Any, **options: Any) -> Any:
            return getattr(opened(x), name)(*arguments, **options)

        return call if cls.of is str and callable(method) and name != "maketrans" else method


def _of_text(kind: type, x: SymbolicText) -> Any:
    if kind is str:
        return x.spelled()
    if kind is bool:
        return bool(x)
    return SymbolicNumber(number_of(kind, x.node, none=x.of_list))


def _of_number(kind: type, x: SymbolicNumber) -> Any:
    if kind is int:
        return x.to_int()
    if kind is float:
        return x.to_float()
    if kind is str:
        return text_of_number(x)
    return of_condition(operators.truth(x.value))


def _stand_in(kind: type) -> type:
    return _Kind(kind.__name__, (), {"of": kind, "dtype": np.dtype(kind)})


MOST_GROUPS = 16
"""Different numbers that words are looked up for one by one."""


class TracedDict(dict):  # type: ignore[type-arg]
    """A dictionary outside of the function, in which values of rows are looked up."""

    def __getitem__(self, key: Any) -> Any:
        """Look up a value."""
        if not is_element(key):
            return collection(super().__getitem__(key))
        raise_unless(self._known(key), KeyError("a key that the dictionary does not have"))
        found = self._found(key, None, known=True)
        if isinstance(found, SymbolicText):
            return SymbolicText(ops.ChooseText(missing(found.node), found.node, found.node))
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        """Look up a value."""
        return self._found(key, default) if is_element(key) else super().get(key, default)

    def __contains__(self, key: Any) -> bool:
        """Return whether a value is known, on the way that is being run."""
        return decide(self._known(key)) if is_element(key) else super().__contains__(key)

    def _known(self, key: Any) -> Any:
        if isinstance(key, SymbolicText):
            return member(key.node, [known for known in self if isinstance(known, str)])
        found = [operators.applied(np.equal, (key.value, known)).node for known in self]
        while len(found) > 1:
            found = [operators.logic("or", found[0], found[1]), *found[2:]]
        return found[0]

    def _found(self, key: Any, default: Any, *, known: bool = False) -> Any:
        if isinstance(key, SymbolicNumber):
            if not decide(self._known(key)):
                return default
            return SymbolicNumber(looked_up(key.value, dict(self), np.nan))
        if word_of(key.node) is not None and (groups := self._groups()):
            if known:  # the last group has what is in none of the others
                default, _ = groups.popitem()
            return next((value for value, keys in groups.items() if decide(member(key.node, keys))), default)
        if COMPENSATED and word_of(key.node) is not None and len({type(value) for value in self.values()}) > 1:
            raise TraceEnd("a dictionary of whole numbers and floats is looked up for words", "let all be floats")
        if decide(self._known(key)):
            return _unwrapped(mapped(key.node, self, _zero(self, key)))
        return default

    def _groups(self) -> dict[int, list[str]]:
        """Return the texts by their whole numbers, which are summed over words; none if there are others, or many."""
        groups: dict[int, list[str]] = {}
        for key, value in self.items():
            if isinstance(key, str) and type(value) is int:
                groups.setdefault(value, []).append(key)
            elif isinstance(key, str):
                return {}
        return groups if len(groups) <= MOST_GROUPS else {}


def _zero(pairs: dict[Any, Any], key: SymbolicText) -> Value | None:
    """Return a zero of the type of the numbers of a dictionary, which keeps that type."""
    values = list(pairs.values())
    if any(isinstance(value, str) for value in values):
        return None
    return as_value(np.asarray(values).dtype.type(0).item(), key.node)


def _unwrapped(value: Value) -> Any:
    return SymbolicText(value.node) if value.node.type.is_text else SymbolicNumber(value)


class TracedSet(frozenset):  # type: ignore[type-arg]
    """A set outside of the function."""

    def __contains__(self, key: Any) -> bool:
        """Return whether a value is a member, on the way that is being run."""
        if isinstance(key, SymbolicText):
            return decide(member(key.node, sorted(x for x in self if isinstance(x, str))))
        if isinstance(key, SymbolicNumber):
            return any(bool(key == known) for known in self)
        return super().__contains__(key)


def collection(value: Any) -> Any:
    """Return a dictionary or set in which values of rows can be looked up; anything else unchanged."""
    if type(value) is dict and value:
        return TracedDict(value)
    return TracedSet(value) if type(value) in (set, frozenset) and value else value


class _DictKind(_Kind):
    """The class of the stand-in for ``dict``."""

    def __call__(cls, *values: Any, **pairs: Any) -> Any:
        """Return a dictionary of constants, in which values of rows are looked up."""
        return collection(builtins.dict(*values, **pairs))


BUILTINS: dict[str, Any] = {
    "len": _len, "sum": sum_of, "max": max_of, "min": min_of, "any": any_of, "all": all_of, "set": _set_of,
    "dict": _DictKind("dict", (), {"of": dict}),
    **{kind.__name__: _stand_in(kind) for kind in (int, float, str, bool)},
}  # fmt: skip
"""Python's functions and types."""
SEEN: dict[Any, Any] = {
    builtins.len: _len,
    builtins.sum: sum_of,
    builtins.max: max_of,
    builtins.min: min_of,
    builtins.set: _set_of,
    Counter: counter_of,
    **{kind: BUILTINS[kind.__name__] for kind in (int, float, str, bool)},
}
"""The same, by the function or type that each replaces."""


def plain(kind: Any) -> Any:
    """Return the type that a stand-in replaces; anything else unchanged."""
    return kind.of if isinstance(kind, _Kind) else kind
