"""Documents sent as bytes are decoded like in the vectorizer, or rejected by row and byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder

import pretzel
from pretzel.errors import InputError
from pretzel.importers import export

TEXTS = ["Grüße aus Köln", "à la carte", "plain words here", "", "naïve café"] * 4
HALVES = [0, 1] * 10
ENCODINGS = ["utf-8", "UTF8", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7"]
FORMS: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "objects": lambda x: np.array(x, object),
    "bytes": np.array,
    "series": lambda x: pd.Series(x, dtype=object),
    "mixed": lambda x: [text if i % 2 else x[i] for i, text in enumerate(TEXTS)],
}


def encoded(encoding: str) -> list[bytes]:
    return [text.encode(encoding) for text in TEXTS]


def same(got: Any, want: Any) -> None:
    assert (got != want).nnz == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["list", "mixed"])
def test_encodings(encoding: str, form: str) -> None:
    x = FORMS[form](encoded(encoding))
    fitted = CountVectorizer(encoding=encoding).fit(x)
    same(pretzel.compile(fitted).transform(x), fitted.transform(x))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [TfidfVectorizer, HashingVectorizer, CountVectorizer])
def test_forms(kind: Any, form: str) -> None:
    x = FORMS[form](encoded("utf-8"))
    fitted = kind().fit(x)
    same(pretzel.compile(fitted).transform(x), fitted.transform(x))
    definition = export(fitted, sample=x)
    assert [str(node.type) for node in definition.inputs] == ["str"]


@pytest.mark.parametrize("errors", ["ignore", "replace"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-16", "cp1252"])
def test_invalid_bytes_are_handled_like_the_library(encoding: str, errors: str) -> None:
    x = [b"ol\xe9 \xe9t\xe9", b"\xff\xfe\x00", b"\x81\x8d odd", b"plain", b"\xf0\x9f\x98"]
    fitted = CountVectorizer(encoding=encoding, decode_error=errors, analyzer="char").fit(x)
    same(pretzel.compile(fitted).transform(x), fitted.transform(x))


def test_invalid_bytes_are_named() -> None:
    fitted = CountVectorizer().fit(TEXTS)
    x = [b"fine", b"ol\xe9"]
    with pytest.raises(UnicodeDecodeError):
        fitted.transform(x)
    with pytest.raises(InputError, match=r"column 'X': row 1: byte 2 is not utf-8 \(unexpected end of data\)"):
        pretzel.compile(fitted).transform(x)
    unknown = CountVectorizer(encoding="no-such").fit(TEXTS)
    same(pretzel.compile(unknown).transform(TEXTS), unknown.transform(TEXTS))
    with pytest.raises(LookupError):
        unknown.transform(x)
    with pytest.raises(InputError, match="row 0: unknown encoding: no-such"):
        pretzel.compile(unknown).transform(x)


def test_documents_that_the_library_does_not_decode_are_refused() -> None:
    fitted = CountVectorizer().fit(TEXTS)
    for odd in (bytearray(b"a"), memoryview(b"a"), 7, None):
        with pytest.raises(InputError):
            pretzel.compile(fitted).transform([b"fine", odd])


def union(*parts: Any) -> Any:
    return FeatureUnion([(str(i), part) for i, part in enumerate(parts)])


def test_two_vectorizers_over_one_input() -> None:
    agreeing = union(CountVectorizer(), TfidfVectorizer(encoding="UTF8", analyzer="char")).fit(TEXTS)
    same(pretzel.compile(agreeing).transform(encoded("utf-8")), agreeing.transform(encoded("utf-8")))
    for other in (CountVectorizer(encoding="latin-1"), CountVectorizer(decode_error="ignore")):
        differing = union(CountVectorizer(), other).fit(TEXTS)
        same(pretzel.compile(differing).transform(TEXTS), differing.transform(TEXTS))
        with pytest.raises(InputError, match="its readers decode bytes in different ways, or not at all"):
            pretzel.compile(differing).transform(encoded("utf-8"))


def table(texts: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"title": texts, "body": texts[::-1], "n": np.arange(20.0)})


def test_columns_of_tables_each_by_its_encoding() -> None:
    columns = [
        ("t", CountVectorizer(encoding="latin-1"), "title"),
        ("b", TfidfVectorizer(), "body"),
        ("n", "passthrough", ["n"]),
    ]
    model = make_pipeline(ColumnTransformer(columns), LogisticRegression()).fit(table(TEXTS), HALVES)
    x = table(TEXTS)
    x["title"], x["body"] = encoded("latin-1"), encoded("utf-8")[::-1]
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.predict_proba(x), model.predict_proba(x), rtol=1e-6)
    np.testing.assert_allclose(predictor.predict_proba(pa.Table.from_pandas(x)), model.predict_proba(x), rtol=1e-6)
    x.loc[3, "body"] = b"\xff"
    with pytest.raises(InputError, match=r"column 'body': row 3: byte 0 is not utf-8"):
        predictor.predict_proba(x)


def test_a_column_that_is_read_as_categories_too() -> None:
    columns = [("t", CountVectorizer(), "title"), ("c", OneHotEncoder(handle_unknown="ignore"), ["title"])]
    fitted = ColumnTransformer(columns).fit(table(TEXTS))
    x = table(encoded("utf-8"))
    assert (fitted.transform(x) != fitted.transform(table(TEXTS))).nnz  # the encoder does not know bytes
    with pytest.raises(InputError, match="column 'title': expected text, got bytes, and its readers decode"):
        pretzel.compile(fitted).transform(x)


def test_a_saved_predictor_decodes_too(tmp_path: Any) -> None:
    fitted = CountVectorizer(encoding="latin-1").fit(TEXTS)
    pretzel.compile(fitted).save(tmp_path / "model")
    same(pretzel.load(tmp_path / "model").transform(encoded("latin-1")), fitted.transform(TEXTS))
