"""The text format: truncated or hostile files raise named errors and never crash."""

from __future__ import annotations

import lightgbm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.lightgbm.native import read
from pretzel.importers.lightgbm.recognized import is_text
from tests.importers.lightgbm.examples import COUNTS, FEW, X

TEXT = (
    lightgbm.LGBMRegressor(**{**FEW, "n_estimators": 2, "num_leaves": 3, "cat_smooth": 0.1, "min_data_per_group": 2})
    .fit(X, COUNTS, categorical_feature=[3])
    .booster_.model_to_string()
)
END = TEXT.index("end of trees")


def test_format_is_recognized_by_its_head() -> None:
    assert is_text(TEXT.encode()[:4096])
    assert not any(map(is_text, [b"", b"tree", b"trees\nversion=v4", b"{}"]))


@pytest.mark.parametrize("end", [0, 4, END // 3, END - 1])
def test_truncated_file(end: int) -> None:
    with pytest.raises(InputError, match="it ends before the line 'end of trees': the file is truncated"):
        read(TEXT[:end].encode())


def test_file_truncated_after_its_trees() -> None:
    with pytest.raises(InputError, match="it ends before the line 'end of parameters': the file is truncated"):
        read(TEXT[: TEXT.index("end of parameters")].encode())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version=v4", "version=v9", "version: expected one of v2, v3, v4, got 'v9'"),
        ("version=v4\n", "", "version: the line is missing"),
        ("max_feature_idx=4", "max_feature_idx=5", "feature_names: expected 6 names, got 5"),
        ("max_feature_idx=4", "max_feature_idx=-1", "max_feature_idx: expected a number, got '-1'"),
        ("num_leaves=3", "num_leaves=4", "tree 0: split_feature: expected 3 numbers, got 2"),
        ("num_leaves=3", "num_leaves=0", "tree 0: split_feature: expected -1 numbers"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=0", "num_tree_per_iteration: 0 does not divide 2 trees"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "num_tree_per_iteration: 3 does not divide 2 trees"),
        ("split_feature=", "split_feature=9", "split_feature: expected 0..4"),
        ("split_feature=", "split_feature=x", "split_feature: expected numbers of type int32"),
        ("decision_type=", "decision_type=99999999999", "decision_type: expected numbers of type int32"),
        ("pandas_categorical:", "pandas_categorical:{", "pandas_categorical: expected lists of categories"),
    ],
)
def test_invalid_line(old: str, new: str, problem: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError, match=problem):
        read(TEXT.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    ("children", "problem"),
    [
        ("7 -1", r"left_child: expected -3\.\.1"),
        ("-1 -4", r"left_child: expected -3\.\.1"),
        ("0 -3", "a tree of 5 nodes has a child"),
        ("1 0", "a tree of 5 nodes has a child"),
        ("-1 -1", "a tree of 5 nodes has a child"),
    ],
)
def test_invalid_tree(children: str, problem: str) -> None:
    start = TEXT.index("left_child=")
    text = TEXT[:start] + f"left_child={children}" + TEXT[TEXT.index("\n", start) :]
    with pytest.raises(InputError, match=problem):
        export(read(text.encode()))


def test_invalid_utf8() -> None:
    with pytest.raises(InputError, match="invalid UTF-8 at byte 40"):
        read(TEXT.encode()[:40] + b"\xff")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.binary(max_size=4), st.integers(0, 40))
def test_damaged_files_are_reported_or_harmless(at: int, put: bytes, over: int) -> None:
    damaged = TEXT.encode()[:at] + put + TEXT.encode()[at + over :]
    try:
        export(read(damaged))
    except (InputError, UnsupportedError) as error:
        assert str(error)
