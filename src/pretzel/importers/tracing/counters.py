"""`collections.Counter` of the words or characters of one row, of which constant ones are asked for."""

from __future__ import annotations

from collections import Counter
from typing import Any, NoReturn

from pretzel.importers.tracing.branches import decide
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.strings import SymbolicText, opened
from pretzel.importers.tracing.text_values import some
from pretzel.importers.tracing.tokens import SymbolicSet, SymbolicTokens, length, tokens_in

ASKED = "ask for constant words, as in Counter(words)['x'], for len(...) or .total()"


class SymbolicCounter(SymbolicSet):
    """The distinct words of one row with their counts; a loop over it is one over the distinct words."""

    def __init__(self, words: SymbolicTokens) -> None:
        """Count words."""
        super().__init__(words.node)
        self._words_of = words

    def __getitem__(self, key: Any) -> Any:
        """Return how often a constant word occurs."""
        return self._words_of.count(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return how often a constant word occurs, or the default for one that does not."""
        return self[key] if decide(some(self._words_of._equal(key))) else default

    def count(self, item: Any) -> NoReturn:
        """Raise the error of a Counter, because it is a method of lists."""
        raise AttributeError("'Counter' object has no attribute 'count'")

    def total(self) -> Any:
        """Return the number of words."""
        return length(self._words_of)

    def __getattr__(self, name: str) -> NoReturn:
        """End the trace: another method.

        Raises:
            AttributeError: a Counter does not have the method either.
        """
        if not hasattr(Counter, name):
            raise AttributeError(f"'Counter' object has no attribute {name!r}")
        raise TraceEnd(f"Counter.{name} of words is not traced", ASKED)

    def _refused(self, *_: Any) -> NoReturn:
        raise TraceEnd("arithmetic of a Counter of words is not traced", ASKED)

    __and__ = __rand__ = __sub__ = __rsub__ = __or__ = __ror__ = __add__ = __radd__ = _refused
    __setitem__ = __delitem__ = __lt__ = __le__ = __gt__ = __ge__ = _refused

    def intersection(self, other: Any) -> NoReturn:
        """Raise the error of a Counter, which has no methods of sets."""
        raise AttributeError("'Counter' object has no attribute 'intersection'")

    difference = intersection


def counter_of(*values: Any, **counts: Any) -> Any:
    """Return ``collections.Counter`` of words, of a text, or of anything else."""
    x = opened(values[0]) if len(values) == 1 and not counts else None
    words = x.characters() if isinstance(x, SymbolicText) else tokens_in(x)
    return Counter(*values, **counts) if words is None or isinstance(words, SymbolicCounter) else SymbolicCounter(words)
