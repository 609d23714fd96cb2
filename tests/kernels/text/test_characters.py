"""Lower case and accents of every Unicode character, alone and next to others, against Python itself."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.errors import InputError
from pretzel.kernels.text.texts import UNICODE_VERSION
from pretzel.plan import ops
from pretzel.plan.node import Node
from tests.helpers.texts import ODD
from tests.ops.harness import load

EVERY = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
X = ops.Input("x", "str")


def run(node: Node, texts: list[Any]) -> list[Any]:
    out: Any = load(node).run({"x": texts})["out"]
    return list(out.tolist())


@pytest.mark.parametrize("around", ["{}", "aΣ{}", "a{}Σ", "{}Σ", "a{}Σ{}b"])
def test_lower_case_of_every_character(around: str) -> None:
    text = "\n".join(around.replace("{}", c) for c in EVERY)  # no context reaches past the end of a line
    assert run(ops.Lowercase(X), [text])[0].split("\n") == text.lower().split("\n")


@settings(deadline=None)
@given(st.lists(st.sampled_from([*ODD, "Σ", "Σ", "'"]), max_size=30).map("".join))
def test_a_sigma_ends_a_word_as_in_python(text: str) -> None:
    assert run(ops.Lowercase(X), [text, "", text + "Σ"]) == [text.lower(), "", (text + "Σ").lower()]


@pytest.mark.parametrize("form", ["ascii", "unicode"])
def test_accents_of_every_character(form: str) -> None:
    def strip(text: str) -> str:
        parts = unicodedata.normalize("NFKD", text)
        return "".join(c for c in parts if (c.isascii() if form == "ascii" else not unicodedata.combining(c)))

    text = "\n".join(EVERY)
    assert run(ops.StripAccents(X, form), [text])[0] == strip(text)


def test_the_tables_are_of_the_running_unicode() -> None:
    assert UNICODE_VERSION == unicodedata.unidata_version


def test_many_sigmas_among_ignored_characters_take_linear_time() -> None:
    text = ("Σ" + "'" * 1000) * 1000
    assert run(ops.Lowercase(X), [text]) == [text.lower()]


@pytest.mark.parametrize("node", [ops.Lowercase(X), ops.StripAccents(X, "ascii"), ops.StripAccents(X, "unicode")])
@pytest.mark.parametrize(("missing", "name"), [(None, "None"), (np.nan, "np.nan")])
def test_a_missing_text_is_rejected_by_row(node: Node, missing: Any, name: str) -> None:
    with pytest.raises(InputError, match=rf"row 1: {name} is an invalid document, expected byte or unicode string\."):
        load(node).run({"x": ["a", missing]})


def test_texts_of_a_hundred_kilobytes() -> None:
    texts = ["Äß Σ" * 25_000, "A" * 100_000, "\0" * 100_000, "ﷺ" * 33_000]
    assert run(ops.Lowercase(X), texts) == [text.lower() for text in texts]
    stripped = run(ops.StripAccents(X, "unicode"), texts)
    assert stripped[3] == unicodedata.normalize("NFKD", texts[3])
