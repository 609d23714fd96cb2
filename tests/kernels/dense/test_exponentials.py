"""exp and tanh are accurate over their whole range, in runs of any length, and exact where the result is exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.kernels.dense.elementwise import Elementwise
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.plan.types import dense

EXACT = {"exp": np.exp, "tanh": np.tanh}
ULPS = {"exp": 1, "tanh": 3}
EDGES = [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 709.78, 709.79, 710.5, -708.4, -745.1, -745.2, -746.5, 1e308, 20.5]


def apply(function: str, x: np.ndarray) -> np.ndarray:
    """Return the kernel's result for a column."""
    kind = dense("f32" if x.dtype == np.float32 else "f64", 1)
    program = Program([kind, kind], 1, [(Elementwise((kind,), kind, function=function), [0], 1)], [1], len(x) or 1)
    return program.run(Workspace(), [x[:, None]], len(x))[0].ravel()


def check(function: str, x: np.ndarray) -> None:
    """The reference, computed in long double and rounded."""
    with np.errstate(all="ignore"):
        want = EXACT[function](x.astype(np.longdouble)).astype(x.dtype)
    got = apply(function, x)
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    assert np.all(np.abs(got[finite] - want[finite]) <= ULPS[function] * np.spacing(np.abs(want[finite])))
    np.testing.assert_array_equal(np.signbit(got[finite]), np.signbit(want[finite]))


@pytest.mark.parametrize("function", EXACT)
@given(st.lists(st.floats() | st.floats(-750, 750) | st.floats(-3, 3), max_size=19))
def test_any_number_is_accurate(function: str, values: list[float]) -> None:
    check(function, np.array(values, np.float64))


@pytest.mark.parametrize("function", EXACT)
@pytest.mark.parametrize("scale", [750, 20, 2, 1e-3, 1e-300])
def test_wide_ranges_are_accurate(function: str, scale: float) -> None:
    check(function, np.linspace(-scale, scale, 100_001))


@pytest.mark.parametrize("function", EXACT)
@pytest.mark.parametrize("value", EDGES)
def test_edges_are_accurate(function: str, value: float) -> None:
    check(function, np.array([value]))


@given(st.lists(st.floats(width=32), max_size=19))
def test_tanh_of_float32_is_accurate(values: list[float]) -> None:
    check("tanh", np.array(values, np.float32))
