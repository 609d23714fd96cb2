"""Columns of texts of pandas' own type, and of objects: their methods of texts differ beyond ASCII, and if missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import pretzel
from pretzel.errors import InputError, UnsupportedError

WORDS = ["Straße", "İstanbul", "ŉ", "ǰ x", "ﬁn", "ΟΔΟΣ", "aΣ b", "plain", "ılık", "Kelvin \u212a", "ſ", "ͅa", "i", ""]
CASES: dict[str, Any] = {
    "upper": lambda df: df.assign(t=df["t"].str.upper()),
    "lower": lambda df: df.assign(t=df["t"].str.lower()),
    "capitalize": lambda df: df.assign(t=df["t"].str.capitalize()),
    "casefold": lambda df: df.assign(t=df["t"].str.casefold()),
    "after a slice": lambda df: df.assign(t=df["t"].str[:3].fillna("ß").str.strip().str.upper()),
    "after where": lambda df: df.assign(t=df["t"].where(df["t"].str.len() > 2, "ŉ").str.upper()),
    "after a sum": lambda df: df.assign(t=("ß" + df["t"]).str.upper()),
    "after a map": lambda df: df.assign(t=df["t"].map(lambda t: t + "ß").str.upper()),
    "as str": lambda df: df.assign(t=df["t"].astype(str).str.upper()),
    "as object": lambda df: df.assign(t=df["t"].astype(object).str.upper()),
    "parts": lambda df: df.assign(t=df["t"].str.split(" ").str[0].str.upper()),
    "table of parts": lambda df: df.assign(t=df["t"].str.split(" ", expand=True)[0].str.upper()),
    "joined": lambda df: df.assign(t=df["t"].str.split(" ").str.join("ß").str.upper()),
}
OF_OBJECTS: dict[str, Any] = {
    "title": lambda df: df.assign(t=df["t"].str.title()),
    "isdigit": lambda df: df.assign(t=df["t"].str.isdigit().map(lambda x: "yes" if x else "no")),
}
FOLDING: dict[str, Any] = {
    "contains": lambda s: s.str.contains("i", case=False, na=False),
    "inline": lambda s: s.str.contains("(?i)[a-k]", na=False),
    "match": lambda s: s.str.match("i", case=False, na=False),
    "fullmatch": lambda s: s.str.fullmatch("i.*", case=False, na=False),
    "count": lambda s: s.str.count("(?i)i"),
    "replace": lambda s: s.str.replace("(?i)i", "", regex=True).str.len(),
    "no i": lambda s: s.str.contains("(?i)stra", na=False),
    "compiled": lambda s: s.str.contains("i", flags=2, na=False),
    "literal": lambda s: s.str.contains("i", regex=False, na=False),
}


def table(dtype: str, words: list[Any] = WORDS) -> pd.DataFrame:
    return pd.DataFrame({"t": pd.Series(words, dtype=dtype)})


def matrices(model: Any, predictor: Any, x: Any) -> tuple[np.ndarray, np.ndarray]:
    return tuple(
        y.toarray() if hasattr(y, "toarray") else np.asarray(y) for y in (model.transform(x), predictor.transform(x))
    )


@pytest.mark.parametrize(
    ("name", "dtype"), [(n, d) for n in CASES for d in ("str", "object")] + [(n, "object") for n in OF_OBJECTS]
)
def test_cases_are_those_of_the_type_of_the_column(name: str, dtype: str) -> None:
    x = table(dtype)
    model = make_pipeline(FunctionTransformer((CASES | OF_OBJECTS)[name]), OneHotEncoder(handle_unknown="ignore")).fit(
        x
    )
    np.testing.assert_array_equal(*matrices(model, pretzel.compile(model, sample=x), x))


@pytest.mark.parametrize("name", FOLDING)
@pytest.mark.parametrize("dtype", ["str", "object"])
def test_no_answer_without_regard_to_case_differs(name: str, dtype: str) -> None:
    x, method = table(dtype), FOLDING[name]
    model = FunctionTransformer(lambda df: method(df["t"]).astype(float).to_frame()).fit(x)
    predictor = pretzel.compile(model, sample=x)
    answered = 0
    for row in range(len(x)):
        one = x.iloc[[row]]
        try:
            got = predictor.transform(one)
        except InputError as error:
            assert "İ or ı" in str(error) and set(WORDS[row]) & set("İı") and dtype == "str"
            continue
        answered += 1
        np.testing.assert_array_equal(np.asarray(got), model.transform(one).to_numpy())
    certain = dtype == "object" or name in ("no i", "compiled", "literal")
    assert answered == len(x) - (0 if certain else 2)


def test_columns_of_another_type_are_read_where_the_answers_are_equal() -> None:
    model = FunctionTransformer(lambda df: df["t"].str.upper().str.len().to_frame()).fit(table("str"))
    for own, other in (("str", "object"), ("object", "str")):
        predictor = pretzel.compile(model, sample=table(own))
        assert predictor.transform(table(other, ["ab", ""])).tolist() == [[2], [0]]
        for word in ("ß", None):
            problem = f"column 't', row 1: .* in a column of type {other}, .* the type of the sample"
            with pytest.raises(InputError, match=problem):
                predictor.transform(table(other, ["ab", word]))


def test_a_missing_text_of_objects_is_no_false_answer() -> None:
    x = table("object", ["a", None])
    model = FunctionTransformer(lambda df: df["t"].str.contains("a").to_frame()).fit(x)
    with pytest.raises(UnsupportedError, match="it returned (nan|None), and its operators False"):
        pretzel.compile(model, sample=x)
