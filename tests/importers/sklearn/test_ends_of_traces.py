"""Traces that end, or reject rows, where Python's own values differ: the line and the reason are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError, UnsupportedError

TABLE = pd.DataFrame({"t": ["abc", "xyz"] * 5, "b": [True, False] * 5, "n": np.arange(10), "k": np.arange(10.0)})


REFUSED: dict[str, tuple[Any, str]] = {
    "not of floats": (
        lambda df: (~df["b"]).to_frame(),
        r"at test_ends_of_traces.py:\d+: .*, np.invert of a column that is read as numbers; use .astype\(bool\)",
    ),
    "a large constant": (
        lambda df: df["n"].apply(lambda n: int(n) + 2**64).astype(float).to_frame(),
        r"at test_ends_of_traces.py:\d+: .*, the constant 18446744073709551616 is beyond int64; use floats",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ends_a_trace_is_named(name: str) -> None:
    function, reason = REFUSED[name]
    with pytest.raises(UnsupportedError, match=reason):
        pretzel.compile(FunctionTransformer(function).fit(TABLE), sample=TABLE)


GROWING: dict[str, Any] = {
    "product": (lambda t: len(t) * 10**18, 5),
    "sum": (lambda t: len(t) * 10**18 + t.count("a") * 10**18, 3),
    "difference": (lambda t: 3 - len(t) * 10**18, 5),
    "power": (lambda t: len(t) ** 40, 3),
    "lengths": (lambda t: len(t) * 1000 + t.count("a"), 99),
}
"""Functions of a text, and the length of a text of the letter a from which their integers are rejected."""


@pytest.mark.parametrize("name", GROWING)
def test_integers_of_python_never_wrap(name: str) -> None:
    function, least = GROWING[name]
    model = FunctionTransformer(lambda df: df["t"].apply(function).astype(float).to_frame()).fit(TABLE)
    predictor = pretzel.compile(model, sample=TABLE)
    for length in (0, 1, 2, 3, 4, 5, 8, 9, 20):
        x = TABLE.head(1).assign(t="a" * length)
        if length < least:
            np.testing.assert_array_equal(predictor.transform(x), model.transform(x))
            continue
        with pytest.raises(InputError, match="an integer leaves int64, and Python's integers do not"):
            predictor.transform(x)
