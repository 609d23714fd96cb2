"""Texts for tests: adversarial ones for Hypothesis, and the corpus of reviews if the machine has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import strategies as st

# Sigmas and the characters ignored for casing around them; one-to-many and growing lower cases; marks, ligatures,
# Hangul, fractions; all kinds of white space; digits that are not decimals; NUL, private and unassigned characters.
ODD = [
    *"AaZz09_-'.,:$", *"ΣσςΑά", *"İıẞßȺȾKÅ", "\u00ad", "\u0345", "\u0301", "\u0307", "\u0315\u0300", "’", "ʰ", "ⓐ", "Ⅷ",
    *"éÉñüÄ", "ﬁ", "ﬃ", "ﷺ", "①", "½", "⑽", "㏂", "한", "각", "\u1112\u1161", "가",
    *" \t\n\r\v\f\x1c\x1f\x85\xa0\u1680\u2003\u2028\u3000", "\u200b", "\ufeff",
    "٣", "²", "Ⅳ", "十", "\0", "\x7f", "\ue000", "\uffff", "\U0001d518", "😀", "👩\u200d🚀", "𐐀",
    "\U0010ffff", "\u0378",
]  # fmt: skip
WORDS = [
    "the",
    "The",
    "cat",
    "don't",
    "naïve",
    "ΟΔΟΣ",
    "ΟΔΟΣ.",
    "x",
    "ab",
    "a1_b",
    "STRAẞE",
    "longerthansevenbytes",
    "日本語",
]

CHARACTERS = st.sampled_from([odd for odd in ODD if len(odd) == 1]) | st.characters(exclude_categories=["Cs"])
TEXTS = (
    st.lists(st.sampled_from([*ODD, *WORDS, " ", " ", "  "]), max_size=20).map("".join)
    | st.text(CHARACTERS, max_size=12)
    | st.text("aAbB .\t", max_size=40)
)

PATTERNS = [
    r"(?u)\b\w\w+\b", r"\b\w+\b", r"\w+", r"\S+", r"\w", r"[a-zA-Z]+", r"\b[a-zA-Z]{2,}\b", r"(?a)\b\w\w+\b",
    r"[^\W\d_]+", r"\d{2,3}", r"\b\w{2,4}\b", r"[\w']+", r"\b[\w'-]+\b", r"[\w.]{2,}\b", r"\b[\w.]{3,}", r"\b(\w\w+)\b",
    r"(?:[^\s,]+)", r".", r"(?s).+", r"(\b\S+\b)", r"\s+", r"\b\s{1,2}\b", r"a", r"\b[^a]+\b", r"(?i)\b[ſk]+\b",
    r"(?i)[a-k]+", r"\w\w\w+",
]  # fmt: skip

# Of several classes, for automata.
GENERAL = [
    r"(?u)\b\w\w+\b|[!?]", r"\w+|[^\w\s]", r"[a-z]+(?:'[a-z]+)?", r"\b\w+(?:-\w+)*\b", r"#(\w+)", r"(?i)[a-z]\w+",
    r"\d+(?:[.,]\d+)*|\w+", r"\w+?\b", r"(?m)^\w+", r"\A.", r".\Z", r"\w{2,4}\b", r"\b[\w']{2,4}\b", r"\B\w+",
    r"(?:ab|a)(?:c|bcd)?", r"(?s)<.+?>", r"a(?:b|c){0,3}d?", r"(?m)[^\n]+$", r"\b(\w+)s\b", r"a??b", r"(?:aa)+",
    r"ab|a|b",
]  # fmt: skip


def data_directory() -> Path:
    """Return the directory of shared data sets: ``PRETZEL_DATA``, or ``shared/data`` next to the checkout."""
    default = Path(__file__).resolve().parents[3] / "shared/data"
    return Path(os.environ.get("PRETZEL_DATA", default))


def reviews() -> tuple[list[str], list[int]]:
    """Return the sentences of the review corpus and their labels; skip the test if the corpus is missing."""
    path = data_directory() / "reviews.tsv"
    if not path.exists():
        pytest.skip(f"no review corpus at {path}; PRETZEL_DATA names its directory")
    lines = path.read_text(encoding="utf-8").split("\n")[1:]
    rows = [line.split("\t", 1) for line in lines if line]
    return [text for _, text in rows], [int(label) for label, _ in rows]
