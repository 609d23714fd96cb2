"""The kernel of compact products rejects invalid arguments, and widens every finite half exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.kernels.fused.compact_linear import CompactLinear
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import dense, sparse

ONE = np.array([[1, 0]], np.uint64)
"""Of 64 columns the first has weights."""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kept": np.zeros((2, 2), np.uint64)}, "expected 1 pairs of words, got 2"),
        ({"kept": np.array([[1, 1]], np.uint64)}, "1 columns before word 0, counted 0"),
        ({"kept": np.array([[1 << 9, 0]], np.uint64)}, "beyond the 9"),
        ({"weights": np.zeros(2)}, "expected 1 rows of 1"),
        ({"weights": np.zeros(1, np.int64)}, "expected 1 rows of 1, got int64"),
        ({"bias": np.zeros(2)}, "bias: expected shape"),
        ({"norm": "l3"}, "a norm of"),
        ({"inputs": (sparse("i64", 9),)}, "x: expected sparse f32 or f64"),
        ({"output": dense("f32")}, "a float64 x gives a float64 result"),
    ],
)
def test_arguments_that_do_not_fit_are_rejected(changes: dict[str, Any], message: str) -> None:
    arguments = {"inputs": (sparse("f64", 9),), "output": dense("f64"), "weights": np.zeros(1), "norm": "", "kept": ONE}
    arguments |= changes
    with pytest.raises(ValueError, match=message):
        CompactLinear(arguments.pop("inputs"), arguments.pop("output"), **arguments)


def test_every_finite_half_is_widened_exactly() -> None:
    bits = np.arange(1 << 16, dtype=np.uint16)
    bits = bits[np.isfinite(bits.view(np.float16))]
    x = ops.Input("x", "f64")
    compiled = compile_plan(Definition({"y": ops.CompactLinear(x, Parameter.of(bits.reshape(1, -1)))}, (x,)))
    got = engine.load(compiled.plan, lambda digest: compiled.blobs[digest]).run({"x": np.ones(1)})["y"][0]
    np.testing.assert_array_equal(got, bits.view(np.float16).astype(np.float64))
