"""Random texts for proofs: of many scripts, empty, missing, and made of the constants of a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.regex.pattern import parse

WORDS = (
    "", "a", "Mr. Smith", "7", "-12", "3.5", "é", "north", "NORTH", "Straße", "ΟΔΟΣ", "free!", "a,b,c", "x_y-z",
    " pad ", "Dr. A. B", "http://x.y/z?q=1", "user@mail.org", "日本 語", "😀 k", "O'Neil", "C85", "\t\n", "don't STOP",
    "ŉ ǰ", "ﬁn ﬀ", "aΣ",
)  # fmt: skip
DECOMPOSED = "%41 e\u0301"
"""Changes when it is unquoted or normalized."""
BETWEEN = (" ", " ", ", ", ",", "-", "", "! ", "/", ". ", "|", "_", ": ")
MISSING = 0.06
LONG, LONGEST = 300, 20_000
"""Fewest and most words, and characters, of the long texts."""


def random_texts(
    results: Sequence[Node], rows: int, rng: np.random.Generator, read: Sequence[str] = (), most: int = 0
) -> list[Any]:
    """Return texts, some of which hold what the operators of a trace look for, or what its function reads.

    Each text in ``read`` is one of them, from the fifth on.  The last are longer than ``most``, up to which the
    function may count: a loop over words is traced by a few of them, so a limit to their number shows in long texts.
    """
    known = [*constants_of(results), *read]
    pool = [*WORDS, *known, *map(str.upper, known), *map(str.lower, known)]
    texts = [_one(pool, rng) for _ in range(rows)]
    missing = [rng.random() < MISSING and row > 3 for row in range(rows)]
    texts[4 : 4 + len(read)] = read
    drawn = [None if gone and text not in read else text for text, gone in zip(texts, missing, strict=True)]
    long = long_texts(most)
    return [*drawn[: -len(long)], *long] if rows > 2 * len(long) + len(read) else drawn


def long_texts(most: int) -> list[str]:
    """Return texts with more than ``most`` characters, words, and characters in a word."""
    size = min(max(most + 10, LONG), LONGEST)
    words = (" ".join(["ab"] * size), "é1, " * size, " ".join(f"w{i}" for i in range(size)))
    return [*words, "x" * size, "a " + "x" * size, "x" * size + " a", "a b", DECOMPOSED]


def _one(pool: Sequence[str], rng: np.random.Generator) -> str:
    text = pool[int(rng.integers(len(pool)))]
    for _ in range(rng.choice([0, 0, 0, 1, 2, 4])):
        text += BETWEEN[int(rng.integers(len(BETWEEN)))] + pool[int(rng.integers(len(pool)))]
    return text


def constants_of(results: Sequence[Node]) -> list[str]:
    """Return the texts that operators compare with, look up, or search for."""
    found: dict[str, None] = {}
    for node in topological(list(results)):
        for parameter in node.parameters.values():
            if parameter.dtype == "str":
                found |= dict.fromkeys(parameter.texts[:40])
        for name in ("text", "old", "separator", "characters"):
            found |= dict.fromkeys([value] if isinstance(value := getattr(node, name, None), str) else [])
        if isinstance(node, (ops.Tokenize, ops.ReplaceMatches)):
            found |= dict.fromkeys(_literals(list(parse(node.pattern))))
    return [text for text in found if text]


def _literals(items: Any) -> list[str]:
    """Return the runs of literal characters of a parsed pattern."""
    runs, run = list[str](), ""
    for item in items:
        if str(item[0]) == "LITERAL":
            run += chr(item[1])
            continue
        runs, run = [*runs, run], ""
        if str(item[0]) in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT", "BRANCH"):
            inner = item[1][-1]
            branches = inner if str(item[0]) == "BRANCH" else [inner]
            runs += [text for branch in branches for text in _literals(list(branch))]
    return [text for text in (*runs, run) if text and not any(0xD800 <= ord(c) < 0xE000 for c in text)]
