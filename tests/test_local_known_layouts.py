"""Tables of known layouts are read as the general path reads them, values, refusals and all."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

import pretzel
from pretzel.adapters.layouts import MOST_LAYOUTS, MOST_LEARNED
from pretzel.errors import PretzelError
from pretzel.local import Predictor
from pretzel.local.models import Models

NAMES = ("a", "b", "city")


def _frame(rows: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": rng.normal(size=rows),
            "city": [("Bern", "Basel", None)[i % 3] for i in range(rows)],
        }
    )


def _wide(x: Any) -> Any:
    return x.assign(c=x["a"] * x["b"], d=x["a"].clip(lower=0))


def _upper(x: Any) -> Any:
    return x.assign(city=x["city"].str.upper())


def _columns() -> Any:
    return make_column_transformer((StandardScaler(), ["a", "b"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]))


def _numbers(*steps: Any) -> Any:
    return make_pipeline(*steps).fit(_frame()[["a", "b"]], np.arange(12) % 2)


def _mixed(*steps: Any) -> Any:
    return make_pipeline(*steps).fit(_frame(), np.arange(12) % 2)


ENCODER = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
MODELS = {
    "columns": lambda: _mixed(_columns(), LogisticRegression()),
    "matrix": lambda: _numbers(StandardScaler(), LogisticRegression()),
    "kept types": lambda: _numbers(Ridge()),
    "function": lambda: _numbers(FunctionTransformer(_wide), LogisticRegression()),
    "NumPy function": lambda: _numbers(FunctionTransformer(np.square), FunctionTransformer(np.nan_to_num), Ridge()),
    "categories": lambda: _mixed(ENCODER, Ridge()),
    "imputed": lambda: _mixed(
        ColumnTransformer([("n", SimpleImputer(), ["a"]), ("b", "passthrough", ["b"])]), LogisticRegression()
    ),
    "upper case": lambda: _mixed(FunctionTransformer(_upper), _columns(), LogisticRegression()),
    "by position": lambda: _mixed(
        ColumnTransformer([("n", StandardScaler(), [0, 1]), ("c", OneHotEncoder(handle_unknown="ignore"), [2])]),
        Ridge(),
    ),
}


@functools.cache
def _models(name: str, loaded: bool = False) -> Models:
    """Return the models of a predictor; one that was loaded has no others for integers, and checks their values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predictor = pretzel.compile(MODELS[name]())
    return Predictor(predictor._definition)._models if loaded else predictor._models


FLOATS = st.sampled_from((0.0, -0.0, 1.5, -2.0, float("nan"), float("inf"), 1e300, 3.0))
INTEGERS = st.sampled_from((0, 1, 3, 100)) | st.just(2**62)
SMALL = st.sampled_from((0, 1, 100))
TEXTS = st.sampled_from(("Bern", "Basel", "", "Zürich", "ß", "\ud800"))
KINDS: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    **{
        kind: (FLOATS.filter(lambda x: abs(x) < 1e30 or x != x), kind)
        for kind in ("float64", "float32", ">f8", "Float64")
    },
    **{kind: (INTEGERS, kind) for kind in ("int64", "uint64", "Int64", "timedelta64[ns]")},
    **{kind: (SMALL, kind) for kind in ("int8", "uint32", "Int8")},
    **{kind: (st.booleans(), kind) for kind in ("bool", "boolean")},
    **{kind: (TEXTS.filter(lambda x: x != "\ud800"), kind) for kind in ("str", "string", "category")},
    "texts": (TEXTS | st.none() | st.just(float("nan")), object),
    "objects": (FLOATS | INTEGERS | TEXTS | st.none() | st.booleans() | st.just(pd.NA), object),
    "dates": (st.just("2024-01-01"), "datetime64[ns]"),
    "missing texts": (st.sampled_from(("Bern", None)), "str"),
}
ANY_KIND = st.sampled_from(sorted(KINDS)) | st.sampled_from(("int64", "float32", "texts", "objects"))
USUAL = {"a": "float64", "b": "float64", "city": "texts"}


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    """Draw tables of two layouts: of other types, of the same types in another order, or in another form."""
    names = list(draw(st.permutations(NAMES))) if draw(st.booleans()) else list(NAMES)
    names += ["other"] * draw(st.booleans())
    names = [name for name in names if name != "city"] if draw(st.booleans()) else names
    kinds = [draw(st.just(USUAL.get(name, "float64")) | ANY_KIND) for name in names]
    others = draw(st.sampled_from((kinds, kinds[::-1])) | st.tuples(*[ANY_KIND] * len(names)))
    rows, form = draw(st.integers(1, 3)), draw(st.sampled_from(sorted(FORMS)))
    forms = [form, draw(st.just(form) | st.sampled_from(sorted(FORMS)))]
    layouts = list(zip(forms, (kinds, others), strict=True)) * 3
    try:
        return [FORMS[form](_pandas(draw, names, list(kinds), rows)) for form, kinds in layouts]
    except (TypeError, ValueError, pl.exceptions.PolarsError, pa.ArrowException):  # polars has no such columns
        reject()


def _pandas(draw: st.DrawFn, names: list[str], kinds: list[str], rows: int) -> pd.DataFrame:
    columns = []
    for kind in kinds:
        values, dtype = KINDS[kind]
        columns.append(pd.Series(draw(st.lists(values, min_size=rows, max_size=rows)), dtype=dtype))
    return pd.concat(columns, axis=1, keys=names) if columns else pd.DataFrame(index=range(rows))


FORMS: dict[str, Any] = {
    "as concatenated": lambda x: x,
    "consolidated": lambda x: x.copy(),
    "not consolidated": lambda x: _by_column(x),
    "cut": lambda x: pd.concat([x, x, x])[1:],
    "strided": lambda x: pd.concat([x, x])[::2],
    "permuted": lambda x: x[list(x.columns[::-1])],
    "names twice": lambda x: pd.concat([x, x.iloc[:, :1]], axis=1),
    "names of objects": lambda x: x.set_axis(pd.Index(list(x.columns), dtype=object), axis=1),
    "names of numbers": lambda x: x.set_axis(range(x.shape[1]), axis=1),
    "empty": lambda x: x[:0],
    "many rows": lambda x: pd.concat([x] * 70),
    "rows": lambda x: x.to_dict("records"),
    "lists": lambda x: x.to_dict("list"),
    "values": lambda x: x.to_numpy(),
    "polars": pl.from_pandas,
}


def _by_column(x: pd.DataFrame) -> pd.DataFrame:
    made = pd.DataFrame(index=x.index)
    for name in x.columns:
        made[name] = x[name]
    return made


def _outcome(bind: Any, X: Any) -> Any:
    """Return what binding X gives, in a form that can be compared, or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model, bound, rows = bind(X)
        except (PretzelError, TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            return type(error), str(error)
    return id(model), rows, [_values(column) for column in bound]


def _values(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        assert column.flags.c_contiguous and column.flags.aligned
        return column.dtype, column.shape, column.tobytes()
    if isinstance(column, list):
        column = pretzel.plan.values.Texts(*column).tolist()
    return [value if isinstance(value, str) or value is None else "NaN" for value in column]


@pytest.mark.parametrize("name", MODELS)
@given(found=tables(), loaded=st.booleans())
@settings(max_examples=40)
def test_reads_as_the_general_path(name: str, found: list[Any], loaded: bool) -> None:
    models = _models(name, loaded)
    models._known._learned, models._known._entries = 0, ()
    for X in found:
        assert _outcome(models.bind, X) == _outcome(models._bind, X)


@pytest.mark.parametrize("name", ["columns", "matrix", "function", "NumPy function", "kept types"])
@pytest.mark.parametrize("kind", ["int64", "uint64", "int32", "int8", "list"])
def test_values_of_integers_are_checked_in_each_table(name: str, kind: str) -> None:
    """Integers of one layout may be exact as floats, or wrap around in the library's own arithmetic."""
    models = _models(name, loaded=True)
    most = 2**62 if kind == "list" else np.iinfo(kind).max
    for value in (1, 2, most, 3):
        frame = pd.DataFrame({"a": [value], "b": [value], "city": ["Bern"]})[list(NAMES if name == "columns" else "ab")]
        X = frame.to_dict("records") if kind == "list" else frame.astype({"a": kind, "b": kind})
        assert _outcome(models.bind, X) == _outcome(models._bind, X)


def test_layouts_are_told_apart_by_the_places_of_columns() -> None:
    """Both tables have a block of two columns of floats and one of objects."""
    models = _models("columns")
    known = pd.DataFrame({"a": [1.0], "city": np.array(["Bern"], object), "b": [2.0]})
    other = pd.DataFrame({"a": [2.0], "city": [1.0], "b": np.array(["Bern"], object)})
    for X in (known, known, other):
        assert _outcome(models.bind, X) == _outcome(models._bind, X)


def _rows(frame: pd.DataFrame) -> Any:
    return frame.to_dict("records")


def _lists(frame: pd.DataFrame) -> Any:
    return frame.to_dict("list")


def _forbid(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    def general(X: Any) -> Any:
        raise AssertionError("the general path was taken")

    monkeypatch.setattr(models, "_bind", general)


@pytest.mark.parametrize("form", [pd.DataFrame, _rows, _lists], ids=["pandas", "rows", "lists"])
def test_types_of_columns_of_texts_do_not_matter_to_lists(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"city": ["Bern", "Ulm É"] * 5})
    model = FunctionTransformer(lambda df: df["city"].str.upper().str.len().to_frame()).fit(table)
    predictor = pretzel.compile(model, sample=table)
    assert predictor._models.main.metadata["text_types"]
    predictor.transform(form(table[:1]))
    _forbid(predictor._models, monkeypatch)
    assert predictor.transform(form(table[1:2])).tolist() == [[5]]


@pytest.mark.parametrize("form", [pd.DataFrame, _rows, _lists], ids=["pandas", "rows", "lists"])
@pytest.mark.parametrize("name", ["columns", "matrix", "function", "by position"])
def test_answers_for_a_known_layout_come_without_the_general_path(
    name: str, form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = MODELS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predictor = pretzel.compile(model)
    frame = _frame().dropna()[list(model.feature_names_in_)]
    predictor.predict(form(frame[:1]))
    _forbid(predictor._models, monkeypatch)
    for start in range(4):
        rows = frame[start : start + 2]
        np.testing.assert_allclose(predictor.predict(form(rows.copy())), model.predict(rows), rtol=1e-9)


def test_a_table_of_another_layout_takes_the_general_path(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = pretzel.compile(MODELS["matrix"]())
    x = _frame()[["a", "b"]][:1]
    predictor.predict(x)
    for other in (x.astype({"b": "float32"}), x[["b", "a"]], x.rename(columns={"b": "c"}), x[["a"]]):
        with monkeypatch.context() as patch, pytest.raises(AssertionError, match="general path"):
            _forbid(predictor._models, patch)
            predictor.predict(other)


def test_a_reader_that_reads_otherwise_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pandas that stored columns in another way would be noticed by the first comparison."""
    predictor = pretzel.compile(MODELS["matrix"]())
    monkeypatch.setattr("pretzel.adapters.layouts._column", lambda values, place: values[0])
    x = _frame()[["a", "b"]][:1]
    expected = MODELS["matrix"]().predict_proba(x)
    for _ in range(3):
        np.testing.assert_allclose(predictor.predict_proba(x), expected, rtol=1e-9)


def test_a_pandas_without_blocks_takes_the_general_path(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = pretzel.compile(MODELS["matrix"]())
    monkeypatch.setattr("pretzel.adapters.layouts.FrameLayout.__init__", _without_blocks)
    x = _frame()[["a", "b"]][:1]
    for _ in range(3):
        assert len(predictor.predict_proba(x)) == 1


def _without_blocks(self: Any, X: Any) -> None:
    raise AttributeError("'DataFrame' object has no attribute '_mgr'")


def test_layouts_that_are_kept_are_bounded() -> None:
    predictor = pretzel.compile(MODELS["columns"]())
    row = _frame()[:1]
    for i in range(MOST_LEARNED + 20):
        predictor.predict(row.assign(**{f"other {i}": 1.0}))
    known = predictor._models._known
    assert known._learned == MOST_LEARNED
    assert len(known._entries) == MOST_LAYOUTS
