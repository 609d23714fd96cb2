"""Invalid tables of an automaton are rejected; tables that pass the checks never lead out of bounds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.kernels.text.hash_ngrams import HashNgrams
from pretzel.kernels.text.match import Match
from pretzel.plan.regex.automaton import automaton
from pretzel.plan.types import TEXT, TOKENS, sparse


def tables(pattern: str = r"(?:ab|a)(?:c|bcd)?|\d+(?:[.,]\d+)*") -> dict[str, np.ndarray]:
    built = automaton(pattern)
    arrays = {part.name: np.array(getattr(built, part.name)) for part in fields(built)}
    return arrays | {"grouped": np.array([built.grouped])}


def kernel(**changed: np.ndarray) -> Match:
    return Match((TEXT,), TOKENS, **(tables() | changed))


GOOD = tables()
WIDE = np.argmax(GOOD["widths"])


def altered(name: str, at: Any, value: int) -> dict[str, np.ndarray]:
    array = GOOD[name].copy()
    array[at] = value
    return {name: array}


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"index": GOOD["index"][:-1]}, "class table"),
        (altered("index", 0, len(GOOD["blocks"])), "class table"),
        (altered("blocks", (0, 0), GOOD["next"].shape[1] - 1), "class table"),
        ({"blocks": GOOD["blocks"].astype(np.int64)}, "class table"),
        ({"accept": GOOD["accept"][:-1]}, "states: tables of shapes"),
        ({"again": GOOD["again"][:-1]}, "states: tables of shapes"),
        ({"moves": GOOD["moves"].astype(np.int64)}, "not of i32"),
        (altered("next", (0, 0), len(GOOD["next"])), "one is outside"),
        (altered("next", (0, 0), -2), "one is outside"),
        (altered("again", 0, -1), "one is outside"),
        (altered("widths", WIDE, 33), "more than 32 threads"),
        (altered("widths", 0, 1), "threads that are not set"),
        (altered("moves", (0, 0), len(GOOD["sources"]) + 1), "beyond the table"),
        ({"sources": GOOD["sources"][:-1]}, "beyond the table"),
        (altered("accept", (0, 0), 9 << 3), "a token ends in a thread that does not exist"),
        (altered("accept", (0, 0), -2), "a token ends in a thread that does not exist"),
        ({"sources": np.full_like(GOOD["sources"], 9 << 3)}, "a thread continues one that does not exist"),
        ({"sources": np.full_like(GOOD["sources"], -1)}, "a thread continues one that does not exist"),
    ],
)
def test_invalid_tables_are_rejected(changed: dict[str, np.ndarray], problem: str) -> None:
    kernel()
    with pytest.raises(ValueError, match=problem):
        kernel(**changed)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["next", "accept", "moves", "sources", "again", "widths"]),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(-1, 30)), min_size=1, max_size=12),
    st.lists(st.text("ab1.c é", max_size=30), min_size=1, max_size=4),
)
def test_tables_that_pass_the_checks_terminate(name: str, edits: list[tuple[int, int]], texts: list[str]) -> None:
    array = GOOD[name].copy()
    for at, value in edits:
        array.reshape(-1)[at % array.size] = value
    try:
        matcher = kernel(**{name: array})
    except ValueError:
        return
    kind = sparse("f64", 64)
    hashed = HashNgrams(
        (TOKENS,), kind, width=64, unit="word", low=1, high=1, alternate_sign=False, dtype="f64", binary=False
    )
    program = Program([TEXT, TOKENS, kind], 1, [(matcher, [0], 1), (hashed, [1], 2)], [2], 64)
    values, _, _ = program.run(Workspace(), [tuple(texts)], len(texts))[0]
    assert values.sum() <= sum(map(len, texts))
