"""Kernels reject, when they are built, every type and parameter that would lead out of bounds."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from pretzel.plan.types import ValueType, dense, sparse

F3, F2, I1 = dense("f64", 3), dense("f64", 2), dense("i64")
ONES = np.ones(3)
SHORT = np.ones(2)

WRONG: list[tuple[str, tuple[ValueType, ...], ValueType, dict[str, Any]]] = [
    ("columns:Concat", (F3, F2), dense("f64", 4), {}),
    ("columns:Concat", (F3, sparse("f64", 2)), dense("f64", 5), {}),
    ("columns:Select", (F3,), F2, {"columns": np.array([0, 3])}),
    ("columns:Select", (F3,), F2, {"columns": np.array([-1, 1])}),
    ("columns:Select", (F3,), F3, {"columns": np.array([0, 1])}),
    ("columns:Select", (F3,), dense("i8", 2), {"columns": np.array([0, 1])}),
    ("columns:Column", (F3,), dense("f64"), {"index": 3}),
    ("columns:Column", (F3,), dense("f64"), {"index": -1}),
    ("columns:Cast", (F3,), dense("f32", 4), {"dtype": "f32"}),
    ("columns:Cast", (F3,), dense("f32", 3), {"dtype": "f64"}),
    ("scale:Affine", (F3,), F3, {"scale": SHORT}),
    ("scale:Affine", (F3,), F3, {"scale": ONES, "shift": SHORT}),
    ("scale:Affine", (dense("f32", 3),), F3, {"scale": ONES}),
    ("scale:Standardize", (F3,), F3, {"mean": ONES, "scale": SHORT}),
    ("scale:Clip", (F3,), F3, {"low": ONES, "high": SHORT}),
    ("elementwise:Elementwise", (dense("i32", 3),), F3, {"function": "exp"}),
    ("elementwise:Elementwise", (F3,), F3, {"function": "eval"}),
    ("elementwise:Test", (F3,), F3, {"function": "isnan"}),
    ("elementwise:Test", (F3,), dense("bool", 4), {"function": "isnan"}),
    ("elementwise:Test", (F3,), dense("bool", 3), {"function": "exp"}),
    ("missing:Impute", (F3,), F3, {"fill": SHORT, "missing": 0.0}),
    ("missing:MissingIndicator", (F3,), F2, {"columns": np.array([0, 9]), "missing": 0.0, "dtype": "f64"}),
    ("missing:MissingIndicator", (F3,), F3, {"columns": np.array([0]), "missing": 0.0, "dtype": "f64"}),
    ("missing:RequireFinite", (F3,), F2, {"owner": "X", "allow_nan": False}),
    ("normalize:Normalize", (F3,), F2, {"norm": "l2"}),
    ("linear:Dots", (F3,), F2, {"weights": np.ones((3, 3))}),
    ("linear:Dots", (F3,), F2, {"weights": np.ones((2, 3)), "bias": ONES}),
    ("linear:Dots", (F3,), dense("f32", 2), {"weights": np.ones((2, 3))}),
    ("linear:Tiles", (F3,), dense("f64", 8), {"weights": np.ones((8, 3))}),
    ("linear:Tiles", (F3,), dense("f64", 9), {"weights": np.ones((3, 9))}),
    ("linear:Tiles", (dense("i64", 3),), dense("f64", 8), {"weights": np.ones((3, 8))}),
    ("distances:Dots", (F3,), F2, {"centers": np.ones((3, 2)), "norms": SHORT, "metric": "cosine"}),
    ("distances:Dots", (F3,), F2, {"centers": np.ones((2, 3)), "norms": ONES, "metric": "cosine"}),
    ("distances:Tiles", (F3,), dense("f32", 2), {"centers": np.ones((3, 2)), "norms": SHORT, "metric": "cosine"}),
    ("differences:Differences", (F3,), F2, {"centers": np.ones((2, 3)), "metric": "squares", "p": 2.0}),
    ("differences:Differences", (F3,), F2, {"centers": np.ones((1, 24)), "metric": "cosine", "p": 2.0}),
    ("differences:Differences", (F3,), dense("f32", 2), {"centers": np.ones((1, 24)), "metric": "squares", "p": 2.0}),
    ("combine:Combine", (), F2, {"function": "product"}),
    ("combine:Combine", (F2, F3), F2, {"function": "product"}),
    ("combine:Combine", (F2, dense("f32", 2)), F2, {"function": "product"}),
    ("combine:Combine", (F2, F2), F2, {"function": "sum"}),
    ("coupling:Coupling", (F2,), F2, {}),
    ("coupling:Coupling", (dense("f32", 3),), F3, {}),
    ("coupling:Coupling", (F3,), dense("f32", 3), {}),
    ("link:Link", (F3,), F2, {"function": "softmax"}),
    ("link:Link", (F2,), F2, {"function": "sigmoid_pair"}),
    ("link:Link", (F2,), F2, {"function": "log_sum_exp"}),
    ("link:Link", (dense("f64", 0),), dense("f64"), {"function": "log_sum_exp"}),
    ("median:WeightedMedian", (F3,), F2, {"weights": ONES}),
    ("median:WeightedMedian", (F3,), dense("f64"), {"weights": SHORT}),
    ("median:WeightedMedian", (dense("f64", 0),), dense("f64"), {"weights": np.ones(0)}),
    ("splines:Spline", (F2,), dense("f64", 4), {"knots": np.ones((2, 3)), "degree": 1}),
    ("splines:Spline", (F2,), dense("f64", 5), {"knots": np.ones((2, 4)), "degree": 1}),
    ("splines:Spline", (F2,), dense("f64", 4), {"knots": np.ones((1, 8)), "degree": 1}),
    ("splines:Spline", (F2,), dense("f64", 4), {"knots": np.ones((2, 4)), "degree": 1, "values": np.ones((2, 4))}),
    ("features:Power", (F3,), F3, {"exponents": ONES, "form": "sinh"}),
    ("labels:ArgMax", (dense("f64", 0),), I1, {}),
    ("labels:ArgMax", (F3,), dense("i32"), {}),
    ("labels:Threshold", (F3,), dense("i64", 2), {"value": 0.0, "inclusive": False}),
    ("labels:LabelLookup", (I1,), dense("f64"), {"labels": np.ones(3, "f4")}),
    ("labels:LabelLookup", (dense("i64", 2),), dense("f64"), {"labels": np.ones(3)}),
]


@pytest.mark.parametrize("target, inputs, output, values", WRONG)
def test_arguments_that_do_not_fit_are_rejected(
    target: str, inputs: tuple[ValueType, ...], output: ValueType, values: dict[str, Any]
) -> None:
    module, name = target.split(":")
    kernel = getattr(importlib.import_module(f"pretzel.kernels.dense.{module}"), name)
    with pytest.raises((ValueError, KeyError)):
        kernel(inputs, output, **values)
