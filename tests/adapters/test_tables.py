"""pandas, polars and Arrow tables have the library's answers, with missing values and unusual types."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from pretzel.adapters import tables
from pretzel.adapters.arrow import arrow_texts
from pretzel.adapters.inputs import columns_of
from pretzel.adapters.tables import array_of, head, texts_of
from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan.model import InputDescription
from pretzel.plan.values import Texts

NUMBERS = ["âge ", "n/👩‍🚀"]
STRINGS = ["ville", "Ключ"]
ROWS: dict[str, list[Any]] = {
    "âge ": [31, 7, None, 64, 7],
    "ville": ["Zürich", None, "", "Paris", "unseen"],
    "n/👩‍🚀": [0.5, -0.0, 1e5, None, 2.25],
    "Ключ": ["a", "b", "a", "𝔘nicode", None],
}
TRAIN = pd.DataFrame({name: values * 3 for name, values in ROWS.items()}).replace({"unseen": "Paris"})
TARGET = [0, 1, 1, 0, 1] * 3


def _model(**options: Any) -> Any:
    steps = [
        ("n", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), NUMBERS),
        ("s", OneHotEncoder(handle_unknown="ignore", **options), STRINGS),
    ]
    return make_pipeline(ColumnTransformer(steps), LogisticRegression()).fit(TRAIN, TARGET)


MODEL = _model()
PREDICTOR = pretzel.compile(MODEL)
PANDAS = pd.DataFrame(ROWS)
POLARS = pl.DataFrame(ROWS)
ARROW = pa.table(ROWS)
CATEGORIES = {"ville": "category", "Ключ": "category"}

PANDAS_KINDS: dict[str, pd.DataFrame] = {
    "str": PANDAS,
    "object": PANDAS.astype(dict.fromkeys(STRINGS, object)),
    "category": PANDAS.astype(CATEGORIES),
    "some categories": PANDAS.astype({"ville": pd.CategoricalDtype(["x", "Paris", "", "Zürich", "unseen"])}),
    "float32": PANDAS.astype({"n/👩‍🚀": "float32"}),
    "nullable floats": PANDAS.astype({"âge ": "Int64", "n/👩‍🚀": "Float64"}),
    "every second row": pd.concat([PANDAS, PANDAS])[::2],
    "one row": PANDAS[:1],
    "other columns": PANDAS.assign(other=[{}, 1, "x", None, ()])[["other", *reversed(PANDAS.columns)]],
}


@pytest.fixture(autouse=True, params=[0, 64], ids=["as many", "as few"])
def _few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read columns from memory whatever their length, and again as lists."""
    monkeypatch.setattr(tables, "FEW", request.param)


@pytest.mark.parametrize("name", PANDAS_KINDS)
def test_pandas_tables_of_every_kind(name: str) -> None:
    frame = PANDAS_KINDS[name]
    np.testing.assert_allclose(PREDICTOR.predict_proba(frame), MODEL.predict_proba(frame), rtol=1e-6)


POLARS_KINDS: dict[str, pl.DataFrame] = {
    "plain": POLARS,
    "categories": POLARS.with_columns(pl.col(STRINGS).cast(pl.Categorical)),
    "enum": POLARS.with_columns(pl.col("Ключ").cast(pl.Enum(["b", "a", "𝔘nicode"]))),
    "narrow": POLARS.with_columns(pl.col("âge ").cast(pl.Int8), pl.col("n/👩‍🚀").cast(pl.Float32, strict=False)),
    "one row": POLARS[:1],
    "chunks": pl.concat([POLARS, POLARS], rechunk=False),
}


@pytest.mark.parametrize("name", POLARS_KINDS)
def test_polars_tables_of_every_kind(name: str) -> None:
    frame = POLARS_KINDS[name]
    np.testing.assert_allclose(PREDICTOR.predict_proba(frame), MODEL.predict_proba(frame), rtol=1e-6)


ARROW_KINDS: dict[str, Any] = {
    "table": ARROW,
    "batch": ARROW.to_batches()[0],
    "chunks": pa.concat_tables([ARROW.slice(0, 2), ARROW.slice(2, 3)]),
    "slice": pa.concat_tables([ARROW, ARROW]).combine_chunks().slice(5, 5),
    "dictionaries": pa.table(
        {name: ARROW[name].dictionary_encode() if name in STRINGS else ARROW[name] for name in ROWS}
    ),
    "large": ARROW.cast(pa.schema([(name, pa.large_string() if name in STRINGS else pa.float64()) for name in ROWS])),
    "views": ARROW.set_column(1, "ville", ARROW["ville"].cast(pa.string_view())),
}


@pytest.mark.parametrize("name", ARROW_KINDS)
def test_arrow_tables_of_every_kind(name: str) -> None:
    # The library does not accept Arrow tables everywhere; nulls are as in polars, except in dictionaries.
    table, rows = ARROW_KINDS[name], POLARS
    if name == "dictionaries":
        assert not np.allclose(MODEL.predict_proba(table), MODEL.predict_proba(POLARS))
        with pytest.raises(InputError, match="column 'ville', row 1: null in an Arrow dictionary"):
            PREDICTOR.predict_proba(table)
        table, rows = table.take([0, 2, 3]), rows[[0, 2, 3]]
    np.testing.assert_allclose(PREDICTOR.predict_proba(table), MODEL.predict_proba(rows), rtol=1e-6)


def test_a_missing_column_is_named_for_every_kind_of_table() -> None:
    for frame in (PANDAS.drop(columns="Ключ"), POLARS.drop("Ключ"), ARROW.drop_columns("Ключ")):
        with pytest.raises(InputError, match="column 'Ключ' is missing; the table has 'âge ', 'ville'"):
            PREDICTOR.predict(frame)


@pytest.mark.parametrize("frame", [PANDAS, POLARS, ARROW], ids=["pandas", "polars", "arrow"])
def test_the_client_sends_the_columns_that_the_predictor_reads(frame: Any) -> None:
    definition = export(MODEL)
    inputs = [InputDescription(node.column, node.type) for node in definition.inputs]
    columns = columns_of(frame, inputs, definition.metadata)
    assert columns["âge "].tolist()[:2] == [31.0, 7.0] and np.isnan(columns["âge "][2])
    missing = repr(float("nan") if frame is PANDAS else None)
    assert repr(columns["ville"].tolist()) == f"['Zürich', {missing}, '', 'Paris', 'unseen']"


def test_a_model_fitted_on_polars_has_its_column_names() -> None:
    model = make_pipeline(
        ColumnTransformer([("n", SimpleImputer(), ["âge "]), ("s", OneHotEncoder(handle_unknown="ignore"), ["Ключ"])]),
        LogisticRegression(),
    ).fit(POLARS.drop_nulls("Ключ"), [0, 1, 0, 1])
    predictor = pretzel.compile(model)
    assert list(export(model, sample=POLARS).metadata["feature_names"]) == list(ROWS)
    for frame in (POLARS, ARROW):
        np.testing.assert_allclose(predictor.predict_proba(frame), model.predict_proba(POLARS), rtol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_float32_columns_are_computed_in_the_librarys_type(kind: type) -> None:
    values = np.random.default_rng(0).normal(size=(50, 2)).astype(kind) * 1e3
    scaler = StandardScaler().fit(pd.DataFrame(values, columns=["a", "b"]))
    predictor = pretzel.compile(scaler)
    table = {"a": values[:, 0], "b": values[:, 1]}
    for frame in (pd.DataFrame(table), pl.DataFrame(table)):
        got, want = predictor.transform(frame), np.asarray(scaler.transform(frame))
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [1, None, 3], "b": [0.5, 2.5, None]}),
        pa.table({"a": [1, None, 3], "b": [0.5, 2.5, None]}),
        pa.record_batch({"a": [1, None, 3], "b": [0.5, 2.5, None]}),
        pd.DataFrame({"a": [1, None, 3], "b": [0.5, 2.5, None]}, dtype="Float64"),
    ],
    ids=lambda frame: type(frame).__module__.partition(".")[0],
)
def test_a_matrix_may_be_any_table(frame: Any) -> None:
    values = np.array([[1, 0.5], [np.nan, 2.5], [3, np.nan]])
    imputer = SimpleImputer().fit(values)
    np.testing.assert_array_equal(pretzel.compile(imputer).transform(frame), imputer.transform(values))


@pytest.mark.parametrize(
    "texts",
    [
        pd.Series(["a b", "b"]),
        pd.Series(["a b", "b"], dtype=object),
        pd.Series(["a b", "b"], dtype="category"),
        pl.Series(["a b", "b"]),
        pa.array(["a b", "b"]),
        pa.chunked_array([["a b"], ["b"]]),
        np.array(["a b", "b"]),
        ("a b", "b"),
    ],
    ids=lambda texts: (
        f"{type(texts).__module__.partition('.')[0]} {getattr(texts, 'dtype', getattr(texts, 'type', ''))}"
    ),
)
def test_documents_may_be_any_column(texts: Any) -> None:
    vectorizer = CountVectorizer(token_pattern=r"\w").fit(["a b"])
    got = pretzel.compile(vectorizer).transform(texts)
    np.testing.assert_array_equal(got.toarray(), [[1, 1], [0, 1]])


DECIMALS = [Decimal("0.1"), Decimal("2.5")]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(DECIMALS),
        pa.chunked_array([DECIMALS]),
        pl.Series(DECIMALS),
        pd.Series(DECIMALS, dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
    ],
    ids=["array", "chunks", "polars", "pandas"],
)
def test_decimals_are_rejected(column: Any) -> None:
    with pytest.raises(InputError, match=r"expected numbers, got [dD]ecimal.*; cast them to float64 first"):
        array_of(column, number=True)


MISSING: dict[str, tuple[Any, str]] = {
    "arrow": (pa.array(["a", None, "é"]), "['a', None, 'é']"),
    "a slice": (pa.array(["x", "a", None, "é", "y"])[1:4], "['a', None, 'é']"),
    "nothing": (pa.array([], pa.string()), "[]"),
    "nothing but nulls": (pa.array([None, None], pa.string()), "[None, None]"),
    "nulls of no type": (pa.nulls(2), "[None, None]"),
    "a null with bytes": (
        pa.StringArray.from_buffers(
            2, pa.py_buffer(np.array([0, 1, 3], "i4")), pa.py_buffer(b"abc"), pa.py_buffer(b"\1")
        ),
        "['a', None]",
    ),
    "pandas": (pd.Series(["a", None, "é"]), "['a', nan, 'é']"),
    "pandas of Arrow": (pd.Series(["a", None], dtype=pd.ArrowDtype(pa.string())), "['a', nan]"),
    "categories": (pd.Series(["a", None, "a"], dtype="category"), "['a', nan, 'a']"),
    "polars": (pl.Series(["a", None, "é"]), "['a', None, 'é']"),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_values_in_a_column_of_texts(name: str) -> None:
    column, want = MISSING[name]
    got = texts_of(column)
    shown = repr(got.tolist() if isinstance(got, Texts) else got)
    assert shown.replace("<NA>", "nan") == want


def test_arrow_texts_are_not_copied() -> None:
    column = pa.array(["abc", "de"])
    texts = arrow_texts(column)
    assert texts is not None
    assert texts.data.ctypes.data == column.buffers()[2].address


@pytest.mark.parametrize("frame", [PANDAS, POLARS, ARROW, ROWS], ids=["pandas", "polars", "arrow", "mapping"])
def test_the_head_of_a_table(frame: Any) -> None:
    column: Callable[[Any], list[Any]] = lambda table: list(table["Ключ"])  # noqa: E731
    assert [str(item) for item in column(head(frame, 2))] == ["a", "b"]


def test_a_duplicate_column_is_named() -> None:
    twice = pa.Table.from_arrays([ARROW["ville"], ARROW["ville"]], ["ville", "ville"])
    with pytest.raises(InputError, match="column 'ville': the table contains it twice; rename one"):
        PREDICTOR.predict(twice)


def test_selectors_by_type_select_texts_and_numbers() -> None:
    columns = ColumnTransformer(
        [
            ("n", SimpleImputer(), make_column_selector(dtype_include="number")),
            ("s", OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        ]
    ).fit(TRAIN)
    np.testing.assert_allclose(pretzel.compile(columns).transform(PANDAS), columns.transform(PANDAS))
