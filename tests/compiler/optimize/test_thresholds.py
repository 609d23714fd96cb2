"""Thresholds behind a scaling: moved ones decide every float as before, including special ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pretzel.compiler.optimize.driver import apply
from pretzel.compiler.optimize.monotone import last
from pretzel.compiler.optimize.rules.fold_scaling_into_thresholds import fold_scaling_into_thresholds
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import evaluate

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.floats(5e-324, 1.7e308)
CHAINS = [
    "standardize",
    "affine",
    "standardize, cast",
    "affine, standardize",
    "cast, standardize",
    "standardize, affine",
]
ODD = np.array([0.0, -0.0, 5e-324, -5e-324, 1e-40, 3.4e38, 3.5e38, -3.5e38, 1.7e308, -1.7e308, np.inf, -np.inf, np.nan])


def chained(x: Node, names: str, scale: float, shift: float) -> Node:
    for name in names.split(", "):
        if name == "cast":
            x = ops.Cast(x, "f32" if x.type.dtype == "f64" else "f64")
        else:
            operator = {"affine": ops.Affine, "standardize": ops.Standardize}[name]
            first, second = ("scale", "shift") if name == "affine" else ("scale", "mean")
            x = operator(x, **{first: Parameter.of(np.array([scale])), second: Parameter.of(np.array([shift]))})
    return x


def stump(x: Node, threshold: float, strict: bool, missing_left: bool) -> Definition:
    forest = ops.TreeEnsemble(
        x,
        roots=Parameter.of(np.array([0], np.int32)),
        feature=Parameter.of(np.zeros(3, np.int32)),
        threshold=Parameter.of(np.array([threshold, 0, 0])),
        left=Parameter.of(np.array([1, -1, -1], np.int32)),
        right=Parameter.of(np.array([2, 0, 1], np.int32)),
        missing_left=Parameter.of(np.array([missing_left, False, False])),
        leaves=Parameter.of(np.array([1.0, 2.0])),
        base=Parameter.of(np.zeros(1)),
        strict=strict,
    )
    return Definition({"y": forest})


def around(value: float, dtype: str) -> np.ndarray:
    """Return the floats next to a number, and special floats far from it."""
    with np.errstate(all="ignore"):
        near = [np.array(value).astype(dtype)]
        for towards in (-np.inf, np.inf):
            step = near[0]
            for _ in range(3):
                near.append(step := np.nextafter(step, np.array(towards, dtype)))
        return np.concatenate([np.array(near), ODD.astype(dtype)])[:, None]


@given(
    st.sampled_from(["f64", "f32"]),
    st.sampled_from(CHAINS),
    POSITIVE,
    NUMBERS,
    st.floats(allow_nan=False),
    st.booleans(),
    st.booleans(),
)
@example("f64", "standardize, cast", 4.0, 2.0, 1.0, False, True)
@example("f64", "standardize", 1.0, 0.0, 0.0, False, True)  # both zeros equal the threshold
@example("f64", "standardize", 1.0, 0.0, -0.0, True, True)
@example("f64", "standardize", 1e-300, 0.0, 1.0, False, False)  # most of x becomes infinite
@example("f64", "affine", 5e-324, 0.0, 0.0, False, False)  # most of x becomes zero
@example("f64", "standardize", 2.0, 1.0, math.inf, False, False)  # everything branches left, even infinity
@example("f64", "standardize", 2.0, 1.0, -math.inf, False, False)
@example("f32", "standardize", 0.1, 0.3, 0.7, True, False)
def test_the_moved_threshold_decides_equally(
    dtype: str, names: str, scale: float, shift: float, threshold: float, strict: bool, missing_left: bool
) -> None:
    original = stump(chained(ops.Input("x", f"{dtype}[1]"), names, scale, shift), threshold, strict, missing_left)
    moved = apply(fold_scaling_into_thresholds, original)
    if strict and threshold == -np.inf:
        assert moved is original
        return
    forest = moved.outputs["y"]
    assert isinstance(forest, ops.TreeEnsemble)
    x = around(float(forest.threshold.array[0]), original.inputs[0].type.numpy.str)
    with np.errstate(all="ignore"):
        want, got = evaluate(original, {"x": x}), evaluate(moved, {"x": x})
    np.testing.assert_array_equal(got["y"], want["y"])


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("limit", [0.0, -0.0, 1.5, -1.5, 5e-324, -1e-45, 1e38, np.inf, -np.inf])
def test_the_last_float_at_or_below_a_limit_is_that_limit(dtype: str, limit: float) -> None:
    limits = last(lambda x: x <= np.array(limit, dtype), 1, dtype)
    assert limits.dtype == dtype
    assert limits[0] == np.array(limit, dtype)


def test_the_last_of_none_is_nan() -> None:
    assert np.isnan(last(lambda x: np.zeros(x.shape, bool), 2)).all()


def test_the_last_of_all_is_infinity() -> None:
    assert (last(lambda x: np.ones(x.shape, bool), 2) == np.inf).all()
