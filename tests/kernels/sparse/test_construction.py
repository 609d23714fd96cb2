"""Kernels over sparse rows reject, when they are built, arguments that would lead out of bounds."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from pretzel.plan.types import ValueType, dense, sparse

S3, F2 = sparse("f64", 3), dense("f64", 2)

WRONG: list[tuple[str, tuple[ValueType, ...], ValueType, dict[str, Any]]] = [
    ("columns:Concat", (S3, F2), sparse("f64", 4), {}),
    ("columns:Select", (S3,), sparse("f64", 2), {"columns": np.array([1, 1])}),
    ("columns:Select", (S3,), sparse("f64", 1), {"columns": np.array([3])}),
    ("columns:Select", (dense("f64", 3),), sparse("f64", 1), {"columns": np.array([1])}),
    ("columns:Cast", (S3,), sparse("f32", 4), {"dtype": "f32"}),
    ("columns:Densify", (S3,), F2, {}),
    ("columns:Densify", (S3,), dense("f64", 3), {"repeats": "first"}),
    ("columns:Densify", (sparse("i64", 3),), dense("i64", 3), {"absent": 1.0}),
    ("columns:Sparsify", (dense("f64", 3),), sparse("f64", 2), {}),
    ("columns:Sparsify", (S3,), S3, {}),
    ("values:Scale", (S3,), S3, {"scale": np.ones(2)}),
    ("values:Divide", (S3,), sparse("f32", 3), {"scale": np.ones(3)}),
    ("values:Elementwise", (sparse("i64", 3),), S3, {"function": "exp"}),
    ("values:Normalize", (S3,), S3, {"norm": "l3"}),
    ("values:RequireFinite", (S3,), dense("f64", 3), {"owner": "X", "allow_nan": True}),
    ("linear:Linear", (S3,), F2, {"weights": np.ones((2, 3))}),
    ("linear:Linear", (S3,), dense("f32", 2), {"weights": np.ones((3, 2), "f4")}),
    ("linear:Linear", (dense("f64", 3),), F2, {"weights": np.ones((3, 2))}),
    ("distances:Squared", (S3,), F2, {"centers": np.ones((2, 2)), "norms": np.ones(2), "metric": "sqeuclidean"}),
    ("distances:Euclidean", (S3,), F2, {"centers": np.ones((2, 3)), "norms": np.ones(3), "metric": "euclidean"}),
]


@pytest.mark.parametrize("target, inputs, output, values", WRONG)
def test_arguments_that_do_not_fit_are_rejected(
    target: str, inputs: tuple[ValueType, ...], output: ValueType, values: dict[str, Any]
) -> None:
    module, name = target.split(":")
    kernel = getattr(importlib.import_module(f"pretzel.kernels.sparse.{module}"), name)
    with pytest.raises((ValueError, KeyError)):
        kernel(inputs, output, **values)
