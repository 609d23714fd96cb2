"""Realistic files: they are read as pandas reads them for the estimator, or rejected with a remedy."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from pretzel.adapters.inputs import columns_of
from pretzel.cli.files import read, read_sample
from pretzel.cli.tables.delimited import batches
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import Reads, of_model
from pretzel.errors import InputError
from pretzel.plan.digest import Digest
from pretzel.plan.model import InputDescription, ModelDescription, ModelVersion

PEOPLE = pd.DataFrame(
    {
        "zip": ["01234", "94110", "00501", "10001"] * 5,
        "age": [22, 38, np.nan, 35] * 5,
        "fare": [7.25, 71.2833, 8.05, 53.1] * 5,
        "alone": [True, False, True, False] * 5,
        "name": ['Braund, "Owen"', "Ünal\nMaria", "Cumings", "x"] * 5,
        "survived": [0, 1, 1, 0] * 5,
    }
)
PLAN = Digest("0" * 64, 1)


@pytest.fixture(scope="module")
def people() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer([("n", numbers, ["age", "fare", "alone"]), ("c", OneHotEncoder(), ["zip"])])
    return make_pipeline(columns, LogisticRegression()).fit(PEOPLE.drop(columns="survived"), PEOPLE["survived"])


@pytest.fixture(scope="module")
def reviews() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good movie", "bad movie"], [1, 0])


def described(estimator: Any) -> ModelDescription:
    definition = pretzel.export(estimator)
    inputs = tuple(InputDescription(node.column, node.type) for node in definition.inputs)
    return ModelDescription(ModelVersion("m", 1, PLAN, PLAN, metadata=definition.metadata), inputs, ())


def sent(estimator: Any, X: Any) -> dict[str, Any]:
    """Return the columns that a client sends for X."""
    model = described(estimator)
    return {name: value.tolist() for name, value in columns_of(X, model.inputs, model.version.metadata).items()}


def read_all(path: Path | None, estimator: Any, **reading: Any) -> Any:
    (batch,) = read(path, of_model(described(estimator)), Reading(**reading), 1000)
    return batch.X


def check(path: Path, estimator: Any, want: pd.DataFrame, **reading: Any) -> None:
    """Check that predictions and samples use the rows that pandas returns."""
    actual = repr(sent(estimator, read_all(path, estimator, **reading)))
    assert actual == repr(sent(estimator, want))
    sample = read_sample(path, estimator, Reading(**reading))
    pd.testing.assert_frame_equal(sample, want[list(sample.columns)])
    np.testing.assert_array_equal(estimator.predict(sample), estimator.predict(want))


def as_csv(**options: Any) -> str:
    return PEOPLE.to_csv(index=False, **options)


VARIANTS: dict[str, tuple[Callable[[], bytes], dict[str, Any]]] = {
    "plain": (lambda: as_csv().encode(), {}),
    "BOM": (lambda: as_csv().encode("utf-8-sig"), {}),
    "UTF-16": (lambda: as_csv().encode("utf-16"), {}),
    "CRLF": (lambda: as_csv(lineterminator="\r\n").encode(), {}),
    "CR": (lambda: as_csv().replace("\n", "\r").encode(), {}),
    "all quoted": (lambda: as_csv(quoting=1).encode(), {}),
    "empty lines": (lambda: ("\n" + as_csv().replace("\n9", "\n\n9") + "\n \n").encode(), {}),
    "an index": (lambda: PEOPLE.to_csv().encode(), {}),
    "columns in another order": (lambda: PEOPLE[PEOPLE.columns[::-1]].to_csv(index=False).encode(), {}),
    "semicolons": (lambda: as_csv(sep=";").encode(), {"delimiter": ";"}),
    "decimal commas": (lambda: as_csv(sep=";", decimal=",").encode(), {"delimiter": ";", "decimal": ","}),
    "gzip": (lambda: gzip.compress(as_csv().encode()), {}),
    "bzip2": (lambda: bz2.compress(as_csv().encode()), {}),
    "xz": (lambda: lzma.compress(as_csv().encode()), {}),
    "other words for missing": (lambda: as_csv(na_rep="-").encode(), {"missing": frozenset({"-"})}),
    "a column twice that the model does not read": (
        lambda: pd.concat([PEOPLE[["survived"]], PEOPLE], axis=1).to_csv(index=False).encode(),
        {},
    ),
}


ENCODINGS = {"UTF-16": "utf-16"}
PACKED = {"gzip": "gzip", "bzip2": "bz2", "xz": "xz"}
"""Arguments for pandas where Pretzel detects the format."""


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_table_of_people(people: Any, tmp_path: Path, monkeypatch: Any, variant: str) -> None:
    make, reading = VARIANTS[variant]
    path = tmp_path / "people.csv"
    path.write_bytes(make())
    options = {
        "sep": reading.get("delimiter", ","),
        "decimal": reading.get("decimal", "."),
        "na_values": reading.get("missing"),
    }
    want = pd.read_csv(
        path, dtype={"zip": str}, encoding=ENCODINGS.get(variant), compression=PACKED.get(variant), **options
    )
    check(path, people, want, **reading)
    assert len(want) == len(PEOPLE)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(make())))
    assert repr(read_all(None, people, **reading)) == repr(read_all(path, people, **reading))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "tsv", "csv.gz"])
def test_other_formats_give_the_same_rows(people: Any, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"people.{suffix}"
    if suffix == "parquet":
        PEOPLE.to_parquet(path)
    elif suffix == "jsonl":
        PEOPLE.to_json(path, orient="records", lines=True)
    else:
        PEOPLE.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
    actual = repr(sent(people, read_all(path, people)))
    assert actual == repr(sent(people, PEOPLE))
    np.testing.assert_array_equal(people.predict(read_sample(path, people)), people.predict(PEOPLE))


REFUSED: dict[str, tuple[str, str, str]] = {
    "semicolons": (as_csv(sep=";"), "columns 'zip', 'age', 'fare', 'alone' are missing", "--delimiter ';'"),
    "a column missing": (PEOPLE.drop(columns=["age", "zip"]).to_csv(), "'zip', 'age' are missing", "--no-header"),
    "a trailing comma": (as_csv().replace("\n9", ",\n9"), "line 2: expected 6 cells, got 7", "ends with a delimiter"),
    "a short row": ("zip,age,fare,alone\n01234,3\n", "line 2: expected 4 cells, got 2", "leave missing cells empty"),
    "thousands": (
        'zip,age,fare,alone\n01234,3,"1,234.5",True\n',
        "line 2, column 'fare': expected a number, got '1,234.5'",
        "without thousands separators",
    ),
    "several bad cells": (
        "zip,age,fare,alone\n1,old,5,True\n1,2,high,True\n",
        "line 2, column 'age': expected a number, got 'old'; line 3, column 'fare': expected a number, got 'high'",
        "--na 'old'",
    ),
    "a column twice": ("zip,age,fare,alone,age\n01234,3,1,True,4\n", "has column 'age' twice (cells 2, 5)", "rename"),
    "an open quote": ('zip,age,fare,alone\n"01234,3,1,True\n', "line 2: a quote is never closed", "inside quotes"),
    "no header": ("01234,3,7,True,x\n", "line 1 has none of the model's columns", "--no-header"),
    "a zip archive": ("PK\x03\x04", "it is a zip archive", "extract an archive"),
    "zero bytes": ("z\0i\0p\0", "it has zero bytes", "iconv"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_tables_are_rejected(people: Any, tmp_path: Path, case: str) -> None:
    content, problem, remedy = REFUSED[case]
    (tmp_path / "people.csv").write_text(content, newline="")
    with pytest.raises(InputError) as caught:
        read_all(tmp_path / "people.csv", people)
    error = str(caught.value)
    assert error.count("people.csv") == 1 and problem in error and remedy in caught.value.__notes__[0]


def test_a_first_row_of_values_needs_no_option(people: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("01234,3,7.5,True,x\n94110,,8,False,y\n")
    want = pd.read_csv(tmp_path / "x.csv", names=PEOPLE.columns[:5], dtype={"zip": str})
    check(tmp_path / "x.csv", people, want)


def test_types_set_by_the_user(people: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("zip,age,fare,alone,name\n1234,3,7,True,x\n")
    actual = read_sample(tmp_path / "x.csv", people, Reading(types={"zip": "int", "age": "str"}))
    assert (actual["zip"].tolist(), actual["age"].tolist()) == ([1234], ["3"])
    with pytest.raises(InputError, match="--types: column 'zap' does not exist"):
        read_sample(tmp_path / "x.csv", people, Reading(types={"zap": "int"}))


def test_reviews(reviews: Any, tmp_path: Path) -> None:
    table = pd.DataFrame({"label": [1, 0, 1], "text": ['a "good" movie', '"bad", they said', "two\nlines"]})
    path = tmp_path / "reviews.tsv"
    table.to_csv(path, sep="\t", index=False)
    assert read_all(path, reviews, columns=("text",)) == table["text"].tolist()
    assert read_sample(path, reviews, Reading(columns=("text",))) == table["text"].tolist()
    with pytest.raises(InputError, match="the model takes one column, and the file has 2: 'label', 'text'") as caught:
        read_sample(path, reviews)
    assert caught.value.__notes__ == ["select it with --column NAME"]
    raw = tmp_path / "raw.tsv"
    raw.write_text('label\ttext\n1\t"good" movie\n0\tthe 5" disc\n')
    want = pd.read_csv(raw, sep="\t")["text"].tolist()
    assert read_all(raw, reviews, columns=("text",)) == want


def test_a_missing_document_is_rejected_as_the_vectorizer_rejects_it(reviews: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text\ngood movie\nNA\n")
    with pytest.raises(ValueError, match="np.nan is an invalid document"):
        reviews.predict(pd.read_csv(tmp_path / "x.csv")["text"])
    with pytest.raises(InputError, match="line 3, column 'text': the document is missing") as caught:
        read_all(tmp_path / "x.csv", reviews)
    assert "--no-na" in caught.value.__notes__[0]
    assert read_all(tmp_path / "x.csv", reviews, missing=frozenset()) == ["good movie", "NA"]


WORDS = st.sampled_from(["a", "", "NA", "01", "x,y", 'a "b"', "ü", "two\nlines", " pad "])
MAYBE = {
    "n": st.one_of(st.none(), st.integers(-(10**6), 10**6)),
    "f": st.one_of(st.none(), st.floats(allow_nan=False, width=64)),
    "b": st.booleans(),
    "t": WORDS,
}
KINDS = {"t": "text", "b": "number", "f": "number", "n": "number"}


@given(st.lists(st.fixed_dictionaries(MAYBE), min_size=1, max_size=12), st.integers(1, 5))
def test_tables_that_pandas_wrote_are_read_in_batches_as_pandas_reads_them(
    rows: list[dict[str, Any]], count: int
) -> None:
    written = pd.DataFrame(rows, columns=list(MAYBE)).to_csv(index=False)
    want = pd.read_csv(io.StringIO(written), dtype={"t": str})
    reads = Reads("frame", tuple(KINDS), KINDS)
    actual = [batch.X for batch in batches(io.StringIO(written, newline=""), ",", reads, Reading(), "x", count)]
    for name in "nfb":
        got = np.concatenate([X[name].astype(float) for X in actual])
        np.testing.assert_array_equal(got, want[name].to_numpy().astype(float))
    texts = [text for X in actual for text in X["t"]]
    pd.testing.assert_series_equal(pd.Series(texts, dtype=object), want["t"].astype(object), check_names=False)
