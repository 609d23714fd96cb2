"""Types round-trip through their text, and invalid ones are rejected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import DefinitionError
from pretzel.plan.types import MAX_WIDTH, NUMBERS, NUMPY_DTYPES, TEXT, TOKENS, ValueType, dense, sparse

widths = st.integers(0, MAX_WIDTH)
types = st.one_of(
    st.builds(dense, st.sampled_from([*NUMPY_DTYPES, "str"]), st.none() | widths),
    st.builds(sparse, st.sampled_from(["f32", "f64", "i64"]), widths),
    st.sampled_from([TOKENS, NUMBERS]),
)


@given(types)
def test_a_type_round_trips_through_its_text(kind: ValueType) -> None:
    assert ValueType.parse(str(kind)) == kind


def test_the_short_forms() -> None:
    assert [
        str(t) for t in (dense("f64"), dense("f64", 3), sparse("f32", 9), TEXT, dense("str", 2), TOKENS, NUMBERS)
    ] == [
        "f64",
        "f64[3]",
        "f32{9}",
        "str",
        "str[2]",
        "str[*]",
        "f64[*]",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "f16", "f64[", "f64[-1]", "f64[3", "f64[3]x", "f64{*}", "i32{3}", "f32[*]", "str{2}", f"f64[{MAX_WIDTH + 1}]"]
    + ["f64[99999999999999999999]", "F64", "f64 [3]", "f64[٣]x", "f64[３]", "a" * 10_000],
)
def test_an_invalid_type_is_rejected(text: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        ValueType.parse(text)
    assert len(str(refusal.value)) < 300


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        assert ValueType.parse(ValueType.parse(text).__str__()) == ValueType.parse(text)
    except DefinitionError:
        pass


@pytest.mark.parametrize(("kind", "columns"), [(dense("f64"), 1), (dense("f64", 0), 0), (sparse("f64", 7), 7)])
def test_columns(kind: ValueType, columns: int) -> None:
    assert kind.columns == columns
