"""Rows that are dictionaries, pairs or lists of texts, in every form that the library accepts."""

import re
from collections import OrderedDict
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils.murmurhash import murmurhash3_32

import pretzel
from pretzel.adapters.records import list_column, record_columns
from pretzel.errors import InputError, UnsupportedError

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5) | st.sampled_from("abc")
NUMBERS = st.floats() | st.integers(-(2**60), 2**60) | st.booleans()
RECORDS = st.lists(st.dictionaries(NAMES, NUMBERS | NAMES, max_size=40), min_size=1, max_size=5)
LOOSE = st.lists(
    st.dictionaries(NAMES, NUMBERS | NAMES | st.none() | st.lists(NAMES, max_size=4), max_size=20),
    min_size=1,
    max_size=5,
)


def assert_same(got: Any, want: Any) -> None:
    """Fail unless both store bit-identical entries in the same order."""
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(got, part), getattr(want, part))
    assert (got.dtype, got.shape) == (want.dtype, want.shape)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(deadline=None)
@given(RECORDS, st.sampled_from([1, 3, 2**20, 2**31 - 1]), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_hashed_features_are_bit_identical_to_the_librarys(rows: Any, width: int, dtype: Any, signed: bool) -> None:
    hasher = FeatureHasher(width, dtype=dtype, alternate_sign=signed)
    predictor = pretzel.compile(hasher)
    for row in rows:
        assert_same(predictor.transform([row]), hasher.transform([row]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(deadline=None)
@given(LOOSE, LOOSE, st.sampled_from([np.float32, np.float64]))
def test_looked_up_features_are_bit_identical_to_the_librarys(train: Any, rows: Any, dtype: Any) -> None:
    vectorizer = DictVectorizer(dtype=dtype).fit(train)
    predictor = pretzel.compile(vectorizer)
    for row in rows + train:
        assert_same(predictor.transform([row]), vectorizer.transform([row]))


def _quadratic(count: int) -> list[int]:
    """Return columns for which a median-of-three quicksort recurses as deep as possible."""
    half, columns = count // 2, [0] * count
    for i in range(1, half + 1):
        if i % 2:
            columns[i - 1], columns[i] = i, half + i
        columns[half + i - 1] = 2 * i
    return columns


@pytest.mark.parametrize(
    "columns",
    [_quadratic(398), [*range(200), *range(200, 0, -1)], [i % 7 for i in range(300)], [*range(399, 0, -1)] * 2],
    ids=["deep", "pipes", "repeats", "falling"],
)
def test_sums_run_in_the_order_of_scipys_sort(columns: list[int]) -> None:
    names: dict[int, str] = {}
    for i in range(10_000):
        names.setdefault(abs(murmurhash3_32(f"f{i}")) % 400, f"f{i}")
    random = np.random.default_rng(0)
    values = random.normal(size=len(columns)) * 10.0 ** random.integers(-8, 9, len(columns))
    hasher = FeatureHasher(400, input_type="pair")
    row = [(names[column], value) for column, value in zip(columns, values.tolist(), strict=True)]
    assert_same(pretzel.compile(hasher).transform([row]), hasher.transform([row]))


@pytest.mark.parametrize("width", [1, 3, 10, 2**20, 2**31 - 1])
def test_the_hash_whose_magnitude_overflows_int32_has_a_column(width: int) -> None:
    assert murmurhash3_32("aaaiTBFZ") == -(2**31)
    for hasher, row in (
        (FeatureHasher(width), {"aaaiTBFZ": 2.5}),
        (FeatureHasher(width, input_type="string"), ["aaaiTBFZ"]),
    ):
        assert_same(pretzel.compile(hasher).transform([row]), hasher.transform([row]))


ODD_PAIRS = [
    [(b"bytes", 1.5), ("\u0130", 2), ("x", np.float32(0.1)), ("d", Decimal("0.1")), (7, 0), (7, "text"), ("t", True)],
    (pair for pair in [("a", 1), ("b", "c")]),
]


def test_pairs_of_every_kind() -> None:
    hasher = FeatureHasher(32, input_type="pair")
    rows = [list(row) for row in ODD_PAIRS]
    assert_same(pretzel.compile(hasher).transform(iter(rows)), hasher.transform(rows))


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_columns_of_lists_and_of_dictionaries(library: str) -> None:
    make: Any = {"pandas": pd.Series, "polars": pl.Series, "arrow": pa.array}[library]
    lists, records = [["a", "é"], [], ["a"]], [{"a": 1.5, "b": 2.0}, {"a": -1.0, "b": 0.0}]
    words = FeatureHasher(16, input_type="string")
    assert_same(pretzel.compile(words).transform(make(lists)), words.transform(lists))
    named = FeatureHasher(16)
    assert_same(pretzel.compile(named).transform(make(records)), named.transform(records))


def test_a_dict_vectorizer_reads_one_mapping_as_one_row() -> None:
    vectorizer = DictVectorizer().fit([{"a": 1, "b": "c"}])
    assert_same(pretzel.compile(vectorizer).transform({"a": 2, 7: 3}), vectorizer.transform({"a": 2, 7: 3}))


@pytest.mark.parametrize(
    ("rows", "form", "problem"),
    [
        ({"a": 1}, {}, "expected a list of dictionaries, got dict; put it in a list"),
        ("text", {}, "expected a list of dictionaries, got str"),
        (pd.DataFrame({"a": [1]}), {}, "expected a list of dictionaries, got DataFrame"),
        ([{"a": 1}, ["b"]], {}, "row 1: expected a dictionary, got list ['b']"),
        ([{"a": None}], {}, "row 0: float() argument must be"),
        ([{"a": 1}, {"a": 10**400}], {}, "row 1: int too large to convert to float"),
        ([{"a": b"1"}], {}, "row 0: value b'1' of 'a' is not a number"),
        ([{}, {7: 1}], {}, "row 1: feature names must be strings"),
        ([{"a": {}}], {"loose": True}, "row 0: Unsupported value Type <class 'dict'> for a"),
        ([{"a": ["b", 1]}], {"loose": True}, "row 0: Unsupported type <class 'int'> in iterable value"),
        ([{}, {"a\ud800": 1}], {}, r"row 1: 'a\ud800' holds a lone surrogate"),
        ([[("a", 1)], [("a",)]], {"pairs": True}, "row 1: not enough values to unpack"),
    ],
)
def test_rows_that_are_not_features_are_rejected_by_row(rows: Any, form: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=f"column 'X'.*{re.escape(problem)}"):
        record_columns("X", rows, form)


LOOSE_FORM, STRICT_FORM, PAIRS = DictVectorizer(), FeatureHasher(8), FeatureHasher(8, input_type="pair")


@pytest.mark.parametrize(
    ("estimator", "rows", "form"),
    [
        (STRICT_FORM, [{"a": 1}, ["b"]], {}),
        (STRICT_FORM, [{"a": 1}, {"a": None}], {}),
        (STRICT_FORM, [{}, {7: 1}], {}),
        (STRICT_FORM, [{"a": 1}, {"a": 10**400}], {}),
        (LOOSE_FORM, [{"a": 10**400}], {"loose": True}),
        (STRICT_FORM, [{"b": 2}, {"a\ud800": 1}], {}),
        (LOOSE_FORM, [{"a": 1}, {"a": {}}], {"loose": True}),
        (LOOSE_FORM, [{"a": ["b", 1]}], {"loose": True}),
        (PAIRS, [[("a", 1)], [("a", "b\ud800")]], {"pairs": True}),
    ],
)
def test_rows_read_in_place_are_rejected_with_the_same_message(estimator: Any, rows: Any, form: dict[str, Any]) -> None:
    if estimator is LOOSE_FORM:
        estimator.fit([{"a": 1}])
    with pytest.raises(InputError) as packed:
        record_columns("X", rows, form)
    with pytest.raises(InputError) as read:
        pretzel.compile(estimator).transform(rows)
    assert str(read.value) == str(packed.value)


def test_an_item_that_is_not_a_pair_is_rejected_by_row() -> None:
    with pytest.raises(InputError, match="column 'X', row 1: .* to unpack"):
        pretzel.compile(PAIRS).transform([[("a", 1)], [("a",)]])


def test_rows_of_other_mappings_and_of_many_names() -> None:
    many = {f"name {i}": i - 500 for i in range(1000)}
    rows = [OrderedDict(a=1.5, b="c"), many, {}]
    hasher, vectorizer = FeatureHasher(64), DictVectorizer().fit(rows)
    for some in (rows, rows[1:], [many]):
        assert_same(pretzel.compile(hasher).transform(some), hasher.transform(some))
        assert_same(pretzel.compile(vectorizer).transform(some), vectorizer.transform(some))


def test_an_iterator_among_values_is_read_once() -> None:
    vectorizer = DictVectorizer().fit([{"a": ["b", "c"]}])
    got = pretzel.compile(vectorizer).transform([{"a": iter(["c", "b"])}, {"a": "c"}])
    assert_same(got, vectorizer.transform([{"a": ["c", "b"]}, {"a": "c"}]))
    with pytest.raises(InputError, match="row 0: Unsupported type <class 'int'> in iterable value"):
        pretzel.compile(vectorizer).transform([{"a": iter(["c", 1])}])


class _Meddling(float):
    """A number that changes the rows being read when it is converted to float."""

    def __new__(cls, *changed: Any) -> "_Meddling":
        number = super().__new__(cls, 2.5)
        number.changed = changed
        return number

    changed: tuple[Any, ...]

    def __float__(self) -> float:
        for container in self.changed:
            container.clear()
        return 2.5


def test_rows_that_change_while_being_read_are_safe() -> None:
    predictor, hasher = pretzel.compile(FeatureHasher(8)), FeatureHasher(8)
    rows: list[dict[str, Any]] = [{"a": 1.0}, {"b": 1.0}]
    rows[0]["a"] = _Meddling(rows)
    assert_same(predictor.transform(rows), hasher.transform([{"a": 2.5}, {"b": 1.0}]))
    row: dict[str, Any] = {"a": 1.0, "b": 2.0}
    row["a"] = _Meddling(row)
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        predictor.transform([row])


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("text", "expected a list of lists of texts, got str"),
        ([["a"], "text"], "row 1: expected a list of texts, got str 'text'"),
        ([["a"], [], ["b", 3]], "row 2: expected texts, got int 3"),
        ([["a", None]], "row 0: expected texts, got NoneType None"),
        ([["a"], ["\ud800"]], "row 1: .* holds a lone surrogate"),
    ],
)
def test_rows_that_are_not_lists_of_texts_are_rejected_by_row(rows: Any, problem: str) -> None:
    with pytest.raises(InputError, match=f"column 'X'.*{problem}"):
        list_column("X", rows)


def test_a_column_of_dictionaries_among_other_columns() -> None:
    frame = pd.DataFrame({"age": [30.0, 41.0, 22.0], "tags": [{"a": 1, "b": "c"}, {}, {"a": 2.5}]})
    columns = ColumnTransformer([("tags", DictVectorizer(), "tags"), ("rest", "passthrough", ["age"])])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1, 1])
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.predict_proba(frame), model.predict_proba(frame), rtol=1e-9)


def test_steps_that_read_dictionaries_by_different_rules_are_not_supported() -> None:
    union = make_union(FeatureHasher(8), DictVectorizer()).fit([{"a": 1}])
    with pytest.raises(UnsupportedError, match="two steps read its dictionaries by different rules"):
        pretzel.compile(union)


def test_dictionaries_from_another_step_are_not_supported() -> None:
    with pytest.raises(UnsupportedError, match="place it first"):
        pretzel.compile(make_pipeline(DictVectorizer(), FeatureHasher()).fit([{"a": 1}]))


def test_empty_input_is_rejected_as_by_the_library() -> None:
    with pytest.raises(InputError, match="a minimum of 1 is required"):
        pretzel.compile(FeatureHasher()).transform([])


def test_duplicate_names_are_rejected_if_a_step_does_not_sum_them() -> None:
    rows = [{"tags": ["x", "y"]}, {"tags": ["x", "x"]}]
    assert len(record_columns("X", rows, {"loose": True})["X.values"].items) == 4
    with pytest.raises(InputError, match="row 1: the name 'tags=x' occurs twice, .* pass it once, with the sum"):
        record_columns("X", rows, {"loose": True, "distinct": True})
