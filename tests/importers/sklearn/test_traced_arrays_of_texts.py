"""NumPy's functions of arrays of texts, and arrays of lists that loops over texts made, against the functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError, UnsupportedError

SAMPLE = ["Good film!", "", "12", "x y z", "  aé. "]
TEXTS = st.sampled_from([*SAMPLE, "ΟΔΟΣ", "½", "good", "A", "-12", "日本 語"]) | st.text(
    st.characters(codec="utf-8"), max_size=8
)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "cases": lambda x: np.char.lower(x),
    "upper": lambda x: np.char.upper(np.asarray(x)),
    "stripped": lambda x: np.char.strip(np.char.rstrip(x, "!."), None),
    "replaced": lambda x: np.char.replace(np.array(x), "o", "00"),
    "added": lambda x: np.char.add(np.char.add("<", x), x),
    "padded": lambda x: np.char.zfill(np.char.rjust(np.char.ljust(x, 4, "_"), 6), 8),
    "lengths": lambda x: np.char.str_len(x).reshape(-1, 1),
    "measured": lambda x: np.column_stack([np.char.count(x, "o"), np.char.find(x, "x"), np.strings.str_len(x)]),
    "tests": lambda x: np.c_[np.char.isnumeric(x), np.char.isalpha(x), np.char.startswith(x, "G")],
    "capitals": lambda x: np.char.isupper(np.char.capitalize(x))[:, None] | np.char.islower(x)[:, np.newaxis],
    "a column": lambda x: np.expand_dims([len(t) for t in x], axis=1),
    "reshaped": lambda x: np.reshape([t.count("o") for t in x], (-1, 1)),
    "beside": lambda x: np.c_[[len(t) for t in x], [t.count("o") for t in x]],
    "stacked": lambda x: np.column_stack([[len(t) for t in x], [t[:1] == "G" for t in x]]),
    "iterated": lambda x: np.fromiter((len(t.split()) for t in x), dtype=float).reshape(-1, 1),
}  # fmt: skip


def is_cut(text: str) -> bool:
    return any(len(other) > len(text) for other in (text.lower(), text.upper(), text.capitalize()))


@cache
def compiled(name: str) -> tuple[Any, Any]:
    model = FunctionTransformer(FUNCTIONS[name]).fit(SAMPLE)
    return model, pretzel.compile(model, sample=SAMPLE)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_arrays_of_texts(name: str, texts: list[str]) -> None:
    model, predictor = compiled(name)
    try:
        got = predictor.transform(texts)
    except InputError as error:
        assert "an array of NumPy cuts it" in str(error)
        assert any("\0" in text or len(text) == 1 or is_cut(text) for text in texts)
        return
    np.testing.assert_array_equal(got, np.asarray(model.transform(texts), got.dtype))


@pytest.mark.parametrize("text", ["a\0", "Straße", "ŉ"])
def test_texts_that_numpy_cuts_are_rejected(text: str) -> None:
    _, predictor = compiled("upper")
    with pytest.raises(InputError, match="an array of NumPy cuts it: it has NUL, grows in another case"):
        predictor.transform(["A", text])


def test_texts_shorter_than_what_replaces_a_part_of_them_are_rejected() -> None:
    model, predictor = compiled("replaced")
    assert (
        list(predictor.transform(["oo", "", "x o"])) == list(model.transform(["oo", "", "x o"])) == ["0000", "", "x 00"]
    )
    assert list(model.transform(["o"])) == ["0"]
    with pytest.raises(InputError, match="or is shorter than what is replaced in it"):
        predictor.transform(["oo", "o"])


def test_missing_texts_are_rejected_as_by_numpy() -> None:
    model, predictor = compiled("lengths")
    with pytest.raises(TypeError):
        model.transform(["a", None])
    with pytest.raises(InputError, match="row 1: .*an array of texts has no missing ones"):
        predictor.transform(["a", None])


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "ranges": (lambda x: np.char.count(x, "o", 1), "np.char.count within a range"),
    "counts": (lambda x: np.char.replace(x, "o", "a", 1), "np.char.replace of an empty text, or with a count"),
    "others": (lambda x: np.char.swapcase(x), "swapcase|it needs an array|of texts is not traced"),
    "an array of rows": (lambda x: np.array([[len(t) for t in x], [1 for t in x]]).T, "use np.column_stack"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ends_a_trace_of_arrays_of_texts(name: str) -> None:
    function, reason = REFUSED[name]
    with pytest.raises(UnsupportedError, match=reason):
        pretzel.compile(FunctionTransformer(function).fit(SAMPLE), sample=SAMPLE)


def number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return -1.0


def test_functions_of_single_values_with_caught_errors() -> None:
    table = pd.DataFrame({"a": ["1", "x", None, "2.5", ""], "b": ["7", " 8 ", "nan", None, "1e3"]})
    model = FunctionTransformer(lambda df: df.map(number).assign(c=df["a"].apply(lambda x: 0 if x is None else 1)))
    model.fit(table.fillna("none"))
    predictor = pretzel.compile(model, sample=table.fillna("none"))
    rows = table.fillna("none")
    np.testing.assert_array_equal(predictor.transform(rows), model.transform(rows))
