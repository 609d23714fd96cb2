"""RequireWithin finds the first value that is not allowed, at any place of rows of any width."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from tests.helpers.examples import drawing

ROWS, WIDEST = 50, 19
"""More rows than three groups of the kernel, and more columns than two vectors."""
PLACES = st.tuples(st.integers(0, ROWS - 1), st.integers(0, WIDEST - 1), st.sampled_from(["nan", "inf", "low", "high"]))


@cache
def kernel(width: int, allow_nan: bool) -> engine.Executable:
    """Return a program whose limits differ in every column."""
    high = np.arange(1.0, width + 1)
    x = ops.Input("x", f"f64[{width}]")
    y = ops.RequireWithin(x, Parameter.of(-high), Parameter.of(high), "Tester", allow_nan)
    compiled = compile_plan(Definition({"y": y}, (x,)))
    return engine.load(compiled.plan, lambda digest: compiled.blobs[digest])


def at_the_limits(width: int) -> np.ndarray:
    """Return rows of the lowest and of the highest allowed values, by turns."""
    signs = np.where(np.arange(ROWS) % 2, 1.0, -1.0)
    return signs[:, None] * np.arange(1.0, width + 1)


@drawing(150)
@given(st.integers(1, WIDEST), st.booleans(), st.lists(PLACES, max_size=3))
@example(8, False, [(15, 7, "low"), (16, 0, "high")])
@example(9, True, [(0, 8, "nan"), (ROWS - 1, 8, "high")])
def test_the_first_value_that_is_not_allowed_is_named(
    width: int, allow_nan: bool, places: list[tuple[int, int, str]]
) -> None:
    x = at_the_limits(width)
    for row, column, kind in places:
        column %= width
        beyond = np.nextafter(column + 1.0, np.inf)
        x[row, column] = {"nan": np.nan, "inf": np.inf, "low": -beyond, "high": beyond}[kind]
    limits = np.arange(1.0, width + 1)
    wrong = np.argwhere((np.abs(x) > limits) | (np.isnan(x) & (not allow_nan)))
    if not len(wrong):
        np.testing.assert_array_equal(run(kernel(width, allow_nan), x), x)
        return
    row, column = wrong[0]
    problem = "NaN" if np.isnan(x[row, column]) else "infinity or a value too large"
    with pytest.raises(InputError, match=f"contains {problem}.*: row {row}, column {column}[.]"):
        run(kernel(width, allow_nan), x)


def run(program: Any, x: np.ndarray) -> np.ndarray:
    answer: np.ndarray = program.run({"x": x})["y"]
    return answer
