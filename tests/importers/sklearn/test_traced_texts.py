"""Functions of users over texts and single values: thirty as people write them, and what ends a trace."""

from __future__ import annotations

import re
import string
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import pretzel
from pretzel.errors import AnswersMayDifferWarning, InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn import thirty_functions as functions

DATA = functions.data()
TABLE = DATA["passengers"]


def followed(function: Any, x: Any) -> Any:
    """Return a fitted model: the function, and what reads its texts."""
    out = FunctionTransformer(function).fit(x).transform(x)
    texts = hasattr(out, "dtypes") and any(str(dtype) in ("str", "object") for dtype in out.dtypes)
    after = [TfidfVectorizer()] if isinstance(out, list) else [OneHotEncoder(handle_unknown="ignore")] if texts else []
    return make_pipeline(FunctionTransformer(function), *after).fit(x)


def assert_alike(model: Any, predictor: Any, x: Any) -> None:
    for rows in (x, x[:1], x[3:9]):
        want, got = (np.asarray(y.toarray() if hasattr(y, "toarray") else y) for y in (
            model.transform(rows), predictor.transform(rows)))  # fmt: skip
        np.testing.assert_allclose(got.astype(float), want.astype(float), rtol=1e-12)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize(
    "name", [name for name in functions.FUNCTIONS if name not in (*functions.NOT_TRACED, *functions.WITH_DATES)]
)
def test_thirty_functions(name: str, sampled: bool) -> None:
    over, function = functions.FUNCTIONS[name]
    model = followed(function, DATA[over])
    assert_alike(model, pretzel.compile(model, sample=DATA[over] if sampled else None), DATA[over])


@pytest.mark.parametrize("name", functions.NOT_TRACED)
def test_those_of_the_thirty_that_are_refused(name: str) -> None:
    over, function = functions.FUNCTIONS[name]
    with pytest.raises(UnsupportedError, match=functions.NOT_TRACED[name]):
        export(followed(function, DATA[over]), sample=DATA[over])


def test_most_of_the_thirty_are_traced() -> None:
    assert len(functions.FUNCTIONS) == 30
    assert len(functions.NOT_TRACED) + len(functions.WITH_DATES) <= 8


METHODS: dict[str, Any] = {
    "cases": lambda s: pd.DataFrame(
        {"u": s.str.upper(), "l": s.str.lower(), "f": s.str.casefold(), "c": s.str.capitalize()}
    ),
    "ends": lambda s: s.str.strip(" .").str.lstrip("A").str.rstrip(")").to_frame(),
    "slices": lambda s: pd.DataFrame({"a": s.str[1:4], "b": s.str.slice(-3), "c": s.str.get(0), "d": s.str[-1]}),
    "tests": lambda s: pd.DataFrame(
        {"a": s.str.startswith(("Br", "He")), "b": s.str.endswith("n"), "c": s.str.isalpha()}
    ),
    "patterns": lambda s: pd.DataFrame(
        {
            "a": s.str.contains("mrs|miss", case=False),
            "b": s.str.match(r"[A-Z]\w+,"),
            "c": s.str.fullmatch(r"[^.]+"),
            "d": s.str.contains("Mr.", regex=False),
        }
    ),
    "numbers": lambda s: pd.DataFrame(
        {"a": s.str.len(), "b": s.str.count("r"), "c": s.str.find(","), "d": s.str.count("[a-e]")}
    ),
    "parts": lambda s: pd.DataFrame(
        {"a": s.str.split(" ").str[1], "b": s.str.split().str.len(), "c": s.str.findall(r"\w+").str[0]}
    ),
    "padding": lambda s: pd.DataFrame(
        {"a": s.str.pad(20), "b": s.str.ljust(9, "_"), "c": s.str.center(30), "d": s.str.zfill(20)}
    ),
    "prefixes": lambda s: (s.str.removeprefix("Br") + "-" + s.str.removesuffix("n")).to_frame("x"),
    "joined": lambda s: s.str.cat(s.str.lower(), sep="|").to_frame(),
    "missing": lambda s: pd.DataFrame({"a": s.isna(), "b": s.fillna("none"), "c": s.where(s.notna(), "gone")}),
    "members": lambda s: pd.DataFrame(
        {"a": s.isin(["Oe, Ms. A"]), "b": s != "Oe, Ms. A", "c": s.mask(s == "Oe, Ms. A", "o")}
    ),
    "looked up": lambda s: pd.DataFrame({"a": s.map({"Oe, Ms. A": 1.5}), "b": s.replace({"Oe, Ms. A": "oe"})}),
    "chosen": lambda s: pd.DataFrame({"a": np.where(s.str.len() > 16, "long", "short"), "b": s.fillna("").map(len)}),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_texts(name: str) -> None:
    column = pd.Series([*TABLE["name"][:12], None, "ΟΔΟΣ ß", ""], name="name")
    table = column.to_frame()
    function = METHODS[name]
    given = followed(lambda df: function(df["name"]), table)
    assert_alike(given, pretzel.compile(given, sample=table), table)


@pytest.mark.parametrize("pattern", [r"(a|b)[(]", r"[(](a|b)", r"\((a)[^](]", r"(?P<letter>a)[(]?b"])
def test_groups_of_a_pattern_do_not_change_its_sets_of_characters(pattern: str) -> None:
    table = pd.DataFrame({"name": ["a(b", "(a", r"\((a.", "a?", "a:b", ":b", "ab"]})
    model = FunctionTransformer(
        lambda df: pd.DataFrame({"a": df["name"].str.contains(pattern), "b": df["name"].str.count(pattern)})
    ).fit(table)
    assert_alike(model, pretzel.compile(model, sample=table), table)


PUNCTUATION = str.maketrans("", "", string.punctuation)
KNOWN = {"ok", ""}
SINGLES: dict[str, Any] = {
    "branches": lambda t: 1 if t.startswith("S") else (2 if "good" in t else 0),
    "words": lambda t: t.split()[0] if t.split() else "none",
    "numbers": lambda t: len(t) // 2 + t.count("o") ** 2 - (t.find("t") % 3),
    "expressions": lambda t: "digit" if re.search(r"\d", t) else re.sub(r"\W+", " ", t).strip(),
    "groups": lambda t: m.group(1) if (m := re.search(r"(\w+)@", t)) else "",
    "partition": lambda t: t.partition(" ")[2],
    "f-strings": lambda t: f"<{t.strip()}>",
    "joined": lambda t: "_".join(t.lower().split()),
    "looked up": lambda t: functions.ZONES.get(t[:3].upper(), -1.0),
    "members": lambda t: int(t in KNOWN or t.isdigit()),
    "translated": lambda t: t.translate(PUNCTUATION).translate(str.maketrans({"o": "0", "e": "33"})),
    "caught": lambda t: first_word(t),
}


def first_word(text: str) -> str:
    try:
        return text.split()[0]
    except IndexError:
        return "nothing"


@pytest.mark.parametrize("name", SINGLES)
def test_functions_of_one_text(name: str) -> None:
    table = DATA["reviews"]
    function = SINGLES[name]
    model = followed(lambda df: df["text"].apply(function).to_frame(), table)
    assert_alike(model, pretzel.compile(model, sample=table), table)


def test_vectorized_functions_may_branch() -> None:
    def band(age: float, fare: float) -> int:
        if age < 13:
            return 0
        return 2 if fare > 30 and age > 20 else 1

    x = TABLE[["age", "fare"]].fillna(1.0)
    model = FunctionTransformer(lambda df: pd.DataFrame({"band": np.vectorize(band)(df["age"], df["fare"])})).fit(x)
    assert_alike(model, pretzel.compile(model, sample=x), x)


def test_statistics_beside_tf_idf() -> None:
    texts = DATA["texts"]
    union = FeatureUnion([("words", TfidfVectorizer()), ("own", FunctionTransformer(functions.statistics))])
    model = make_pipeline(union, LogisticRegression()).fit(texts, np.arange(len(texts)) % 2)
    predictor = pretzel.compile(model)
    for rows in (texts, texts[:1]):
        np.testing.assert_allclose(predictor.predict_proba(rows), model.predict_proba(rows), rtol=1e-9)
    with pytest.raises(InputError, match="invalid document|raises an error"):
        predictor.predict([None])


def test_what_a_function_raises_errors_for_is_rejected() -> None:
    model = FunctionTransformer(lambda texts: np.array([[1 / len(text.split())] for text in texts])).fit(["a b"])
    predictor = pretzel.compile(model)
    assert predictor.transform(["a b c d"]).tolist() == [[0.25]]
    with pytest.raises(InputError, match=r"row 1: the function raises an error for it \(ZeroDivisionError"):
        predictor.transform(["a", " "])


ENDS: dict[str, tuple[Any, str]] = {
    "a step": (lambda t: t[::2], "a slice with a step is not traced"),
    "a look-around": (lambda t: re.sub(r"a(?=b)", "", t), "assert is not supported by the automaton"),
    "a reference": (lambda t: re.sub(r"(a)b", r"\1", t), "the replacement .* is not traced; use a text without"),
    "mixed": (lambda t: 1 if "a" in t else "b", "its branches return texts and numbers"),
    "a library": (lambda t: t.swapcase(), "the method swapcase of a text is not traced"),
    "ways": (lambda t: sum([c in t for c in "abcdefgh"]), "more than 128 ways"),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_ends_a_trace_of_texts(name: str) -> None:
    function, problem = ENDS[name]
    model = FunctionTransformer(lambda df: df["text"].fillna("").apply(function).to_frame())
    model.feature_names_in_ = np.array(["text"], object)
    with pytest.raises(UnsupportedError, match=problem) as caught:
        export(model, sample=DATA["reviews"][["text"]])
    assert "test_traced_texts.py:" in str(caught.value)


MARKS = frozenset("§¶")
UNSEEN: dict[str, Any] = {
    "words joined by an f-string": lambda t: int(f"{t} {t}" == "zeta zeta"),
    "an f-string": lambda t: int(f"<{t}>" == "<zeta>"),
    "the start of an f-string": lambda t: int(f"<{t}>".startswith("<z")),
    "another case": lambda t: int(f"x{t}".upper() == "XZETA"),
    "characters of a computed text": lambda t: int(any(c in "".join(sorted(MARKS)) for c in t)),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_constants_that_a_trace_does_not_show_fail_the_proof(name: str) -> None:
    function = UNSEEN[name]
    model = FunctionTransformer(lambda df: df["text"].map(function).to_frame()).fit(DATA["reviews"])
    with pytest.raises(UnsupportedError, match="and its operators"):
        export(model, sample=DATA["reviews"])
    vectorizer = TfidfVectorizer(preprocessor=lambda t: "yes" if function(t) else "no").fit(["a", "b"])
    with pytest.raises(UnsupportedError, match="and its operators"):
        export(vectorizer)


OF_COLUMNS: dict[str, tuple[Any, str]] = {
    "dummies": (lambda df: pd.get_dummies(df["sex"]), "makes a column for each value of a batch; use OneHotEncoder"),
    "expanded": (lambda df: df["name"].str.split(",", expand=True), "expand=True|result of type Expanded"),
    "bins": (lambda df: pd.cut(df["age"], 4).to_frame(), "reads several rows together; give the edges"),
    "a rank of texts": (lambda df: df[["name"]].assign(r=df["name"].rank()), ".rank reads several rows"),
    "small numbers of texts": (lambda df: df["name"].astype("int8").to_frame(), "texts as int8 are not traced"),
    "texts of floats": (lambda df: (df["fare"] * 2).astype(str).to_frame(), r"\.astype\(str\) of float64"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_COLUMNS)
def test_what_ends_a_trace_of_columns_of_texts(name: str) -> None:
    function, problem = OF_COLUMNS[name]
    with pytest.raises(UnsupportedError, match=problem):
        export(FunctionTransformer(function).fit(TABLE), sample=TABLE)


def test_jumps_after_rounding_are_noted() -> None:
    rows = np.abs(np.random.default_rng(0).normal(size=(30, 2))) + 1
    model = make_pipeline(FunctionTransformer(np.log), FunctionTransformer(lambda X: (X > 0.5) * 1.0)).fit(rows)
    with pytest.warns(AnswersMayDifferWarning):
        pretzel.compile(model)


COLUMN, PATTERN, BETWEEN, NONE = "text", r"\d+", " ", "none"


def by_constants(df: Any) -> Any:
    df = df.copy()
    df[COLUMN] = df[COLUMN].fillna(NONE).str.replace(PATTERN, NONE, regex=True)
    df["joined"] = df[COLUMN].apply(lambda t: NONE.join(t.split(BETWEEN)) if BETWEEN in t else re.sub(PATTERN, NONE, t))
    return df[[COLUMN, "joined"]]


def test_constants_of_a_module_are_plain_texts_in_definitions() -> None:
    model = followed(by_constants, DATA["reviews"])
    assert_alike(model, pretzel.compile(model, sample=DATA["reviews"]), DATA["reviews"])
    values = [x for node in export(model, sample=DATA["reviews"]).nodes for x in node.attributes.values()]
    assert {type(x) for x in values if isinstance(x, str)} == {str}
