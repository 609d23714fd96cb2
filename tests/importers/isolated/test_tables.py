"""Tables of pandas and polars cross to Python stages in the types of the sample: dates, missing values, categories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from pretzel.adapters.inputs import columns_of
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.isolation.side import forms
from pretzel.isolation.side.tables import FormError
from pretzel.isolation.stages import PythonStages
from pretzel.plan import ops
from pretzel.plan.model import InputDescription
from tests.importers.isolated.conftest import served

ROWS = 40
DICE = np.random.default_rng(3)
WHOLE = DICE.integers(-50, 50, ROWS)
TIMES = [datetime(2024, 3, 30, 22) + timedelta(minutes=37 * int(i)) for i in range(ROWS)]
Y = np.arange(ROWS) % 2


def with_gaps(values: Any) -> list[Any]:
    return [None if row % 7 == 3 else value for row, value in enumerate(values)]


PANDAS = {
    "dates": pd.Series(with_gaps(TIMES), dtype="datetime64[us]"),
    "nanoseconds": pd.Series(TIMES, dtype="datetime64[ns]") + pd.Timedelta(1),
    "zone": pd.Series(with_gaps(TIMES), dtype="datetime64[us]").dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
    "offset": pd.Series(TIMES).dt.tz_localize("UTC").dt.tz_convert("UTC+02:00"),
    "spans": pd.Series(with_gaps([timedelta(seconds=int(n)) for n in WHOLE]), dtype="timedelta64[us]"),
    "Int64": pd.Series(with_gaps(WHOLE), dtype="Int64"),
    "UInt8": pd.Series(with_gaps(abs(WHOLE)), dtype="UInt8"),
    "Float32": pd.Series(with_gaps(WHOLE / 8), dtype="Float32"),
    "Float64": pd.Series(with_gaps(WHOLE / 7), dtype="Float64"),
    "boolean": pd.Series(with_gaps(WHOLE > 0), dtype="boolean"),
    "string": pd.Series(with_gaps(map(str, WHOLE)), dtype="string"),
    "bool": pd.Series(WHOLE > 0),
    "int8": pd.Series(WHOLE, dtype="int8"),
}
POLARS = {
    "dates": pl.Series(with_gaps(TIMES), dtype=pl.Datetime("ms")),
    "zone": pl.Series(with_gaps(TIMES)).dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York"),
    "days": pl.Series(with_gaps([date(1969, 12, 20) + timedelta(days=int(n)) for n in range(ROWS)])),
    "spans": pl.Series(with_gaps([timedelta(seconds=int(n)) for n in WHOLE]), dtype=pl.Duration("us")),
    "Int64": pl.Series(with_gaps(WHOLE.tolist()), dtype=pl.Int64),
    "UInt8": pl.Series(with_gaps(abs(WHOLE).tolist()), dtype=pl.UInt8),
    "nulls": pl.Series(with_gaps((WHOLE / 7).tolist()), dtype=pl.Float64),
    "nans": pl.Series(np.where(WHOLE > 20, np.nan, WHOLE), dtype=pl.Float32),
    "Boolean": pl.Series(with_gaps((WHOLE > 0).tolist())),
    "String": pl.Series(with_gaps(map(str, WHOLE))),
    "Enum": pl.Series(with_gaps(["low" if n < 0 else "high" for n in WHOLE]), dtype=pl.Enum(["low", "high"])),
}


def spelled(table: Any) -> np.ndarray:
    """Two numbers of what each row is as a text: any other type or value shows."""
    rows = table.itertuples(index=False) if hasattr(table, "iloc") else table.iter_rows()
    texts = ["|".join(f"{type(value).__name__} {value!r}" for value in row) for row in rows]
    types = len(str(list(table.dtypes)))
    return np.array([[sum(map(ord, text)) + types, len(text)] for text in texts], float)


@pytest.mark.parametrize("name", PANDAS)
def test_a_pandas_table_is_given_in_its_types(name: str, stages: PythonStages) -> None:
    table = pd.DataFrame({"x": PANDAS[name], "n": WHOLE})
    _check(table, table.head(3), stages)


@pytest.mark.parametrize("name", POLARS)
def test_a_polars_table_is_given_in_its_types(name: str, stages: PythonStages) -> None:
    table = pl.DataFrame({"x": POLARS[name], "n": WHOLE})
    _check(table, table.head(3), stages)


def test_all_types_are_given_together(stages: PythonStages) -> None:
    _check(pd.DataFrame(PANDAS), pd.DataFrame(PANDAS).tail(1), stages)
    _check(pl.DataFrame(POLARS), pl.DataFrame(POLARS).tail(1), stages)


def test_a_polars_table_is_returned(stages: PythonStages) -> None:
    def doubled(table: pl.DataFrame) -> pl.DataFrame:
        return table.select(pl.col("x") * 2, (pl.col("n") + 1).alias("m"))

    table = pl.DataFrame({"x": WHOLE / 7, "n": WHOLE})
    model = make_pipeline(FunctionTransformer(doubled), LogisticRegression()).fit(table, Y)
    np.testing.assert_allclose(served(model, table, stages)["predict_proba"], model.predict_proba(table), rtol=1e-9)


def _check(table: Any, few: Any, stages: PythonStages) -> None:
    model = FunctionTransformer(spelled).fit(table)
    for data in (table, few):
        np.testing.assert_array_equal(served(model, data, stages, sample=table)["transform"], model.transform(data))


def _columns(sample: Any, data: Any) -> Any:
    definition = export(FunctionTransformer(spelled).fit(sample), sample=sample, python="isolated")
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    return columns_of(data, described, definition.metadata)


def test_a_missing_value_of_polars_that_the_sample_did_not_have_is_rejected() -> None:
    nulls, nans = (pl.DataFrame({"x": POLARS[name].cast(pl.Float64)}) for name in ("nulls", "nans"))
    whole = pl.DataFrame({"x": [1.0, 2.0]})
    assert len(_columns(nulls, nulls)["x"]) == ROWS
    with pytest.raises(InputError, match=r"column 'x', row \d+: NaN in a column .* the sample had nulls"):
        _columns(nulls, nans)
    for sample in (nans, whole):
        with pytest.raises(InputError, match=r"column 'x', row 3: null in a column .* the sample had numbers or NaN"):
            _columns(sample, nulls)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "big integers": (
        lambda: pd.DataFrame({"x": [2**53, 1], "n": [1, 2]}),
        "'x' holds integers from 9007199254740992 on",
    ),
    "Arrow": (lambda: pd.DataFrame({"x": pd.Series([1, 2], dtype="int64[pyarrow]")}), r"'x' holds int64\[pyarrow\]"),
    "both": (lambda: pl.DataFrame({"x": [None, float("nan")]}), "'x' holds both null and NaN"),
    "lists": (lambda: pl.DataFrame({"x": [[1], [2]]}), r"'x' holds List\(Int64\) of polars"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_columns_that_cannot_be_sent_are_named(name: str) -> None:
    make, reason = REFUSED[name]
    table = make()
    with pytest.raises(UnsupportedError, match=f"nor is it a Python stage: column {reason}"):
        export(FunctionTransformer(spelled).fit(table), sample=table, python="isolated")


def test_nullable_results_make_a_stage_with_the_steps_that_read_them(stages: PythonStages) -> None:
    table = pd.DataFrame({"x": PANDAS["Int64"], "n": WHOLE})
    function = FunctionTransformer(lambda table: table.assign(n=[str(n) for n in table["n"]]))
    model = make_pipeline(function, OneHotEncoder()).fit(table)
    definition = export(model, sample=table, python="isolated")
    assert {node.path for node in definition.nodes if isinstance(node, ops.PythonStage)} == {"pipeline"}
    np.testing.assert_array_equal(served(model, table, stages)["transform"], model.transform(table).toarray())


@pytest.mark.parametrize(
    ("takes", "column", "problem"),
    [
        ({"form": "table", "names": ["d"], "dtypes": ["Int8"]}, np.array([1.0, 300.0]), "row 1: expected int8 .* 300"),
        ({"form": "table", "names": ["d"], "dtypes": ["int64"]}, np.array([2.0**53]), "cannot be distinguished"),
        ({"form": "polars", "names": ["d"], "dtypes": ["Date"], "absent": []}, np.array([0, 86_401]), "time of day"),
        ({"form": "polars", "names": ["d"], "dtypes": ["UInt8"], "absent": []}, np.array([np.nan, -1]), "row 1: .*-1"),
    ],
)
def test_values_that_the_type_of_the_sample_does_not_hold_are_named(takes: Any, column: Any, problem: str) -> None:
    kind = "i64" if column.dtype.kind == "i" else "f64"
    with pytest.raises(FormError, match=f"column 'd', .*{problem}"):
        forms.given(takes, [(kind, len(column), (column,))])
