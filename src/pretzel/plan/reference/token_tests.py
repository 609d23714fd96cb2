"""References of the operators of single tokens, by Python's own lists and ``str``."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.plan import ops
from pretzel.plan.reference import Value, reference
from pretzel.plan.reference.strings import number_in


@reference(ops.KeepTokens)
def keep_tokens(node: ops.KeepTokens, x: Value, *read: Value) -> Value:
    """``[token for token in tokens if ...]``."""
    rows = zip(x, *read, strict=True)
    return [[token for token, *of in zip(*row, strict=False) if _passes(node, of)] for row in rows]


@reference(ops.ChooseTokens)
def choose_tokens(node: ops.ChooseTokens, x: Value, otherwise: Value, *read: Value) -> Value:
    """``[a if ... else b for a, b in zip(...)]``."""
    rows = zip(x, otherwise, *read, strict=True)
    return [[a if _passes(node, of) else b for a, b, *of in zip(*row, strict=False)] for row in rows]


@reference(ops.UniqueTokens)
def unique_tokens(node: ops.UniqueTokens, x: Value) -> Value:
    """``dict.fromkeys``."""
    return [list(dict.fromkeys(tokens)) for tokens in x]


def _passes(node: ops.KeepTokens | ops.ChooseTokens, tokens: Iterable[str]) -> bool:
    """Return whether one of the tests passes, each over its own token."""
    words = frozenset(node.words.texts if node.words is not None else ())
    tests = zip(tokens, node.tests, node.texts, node.least, node.negated, strict=True)
    return any(_test(token, test, text, least, words) is not negated for token, test, text, least, negated in tests)


def _test(token: str, test: str, text: str, least: int, words: frozenset[str]) -> bool:
    if test == "member":
        return token in words
    if test in ops.token_tests.MEASURES:
        measure = len(token) if test == "length" else getattr(token, test)(text)
        return bool(measure >= least)
    if test in ops.strings.OF_NUMBERS:
        return number_in(token, test) is not None
    of_a_text = {"contains": str.__contains__, "equal": str.__eq__}
    if test in of_a_text or test in ("startswith", "endswith"):
        return bool((of_a_text.get(test) or getattr(str, test))(token, text))
    return bool(getattr(token, test)())
