"""Weights in fewer bytes: rounding, dropped columns, and unchanged products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize.weights import compact
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import evaluate
from pretzel.plan.values import Csr

WIDTH = 1000


def scored(weights: np.ndarray, norm: str = "") -> Definition:
    x = ops.Input("x", f"f64{{{len(weights)}}}")
    held = Parameter.of(weights)
    product = ops.NormalizedLinear(x, held, None, norm) if norm else ops.Linear(x, held)
    return Definition({"y": product}, (x,))


def only(definition: Definition) -> Any:
    return definition.outputs["y"]


def weights(*shape: int, zeros: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(0)
    values = random.normal(size=shape)
    values[random.random(len(values)) < zeros] = 0.0
    return values


@pytest.mark.parametrize("norm", ["", "l2"])
@pytest.mark.parametrize(
    ("form", "relative", "saved"), [("f32", 1e-6, 0.5), ("f16", 1e-2, 0.25), ("sparse", 0.0, 0.35)]
)
def test_answers_stay_close_and_bytes_are_saved(form: str, relative: float, saved: float, norm: str) -> None:
    original = scored(weights(WIDTH, 3, zeros=0.7 if form == "sparse" else 0.0), norm)
    rewritten = compact(original, form, cut=0.0)
    x = {"x": Csr.of(np.random.default_rng(1).normal(size=(7, WIDTH)))}
    compiled, exact = compile_plan(rewritten), compile_plan(original)
    by_kernels = engine.load(compiled.plan, lambda digest: compiled.blobs[digest]).run(x)["y"]
    want = evaluate(original, x)["y"]
    largest = np.abs(want).max()
    np.testing.assert_allclose(by_kernels, want, rtol=relative + 1e-12, atol=relative * largest + 1e-12)
    np.testing.assert_array_equal(by_kernels, evaluate(rewritten, x)["y"])
    assert compiled.plan.parameter_bytes <= saved * exact.plan.parameter_bytes + 400


def test_only_columns_below_the_cut_are_dropped() -> None:
    array = np.full(WIDTH, 1e-4)
    array[5], array[7], array[9] = 2.0, 0.002, -0.003
    held = only(compact(scored(array), "sparse", cut=1e-3))
    assert held.weights.array.tolist() == [2.0, -0.003]
    assert held.kept.array[0] == (1 << 5) | (1 << 9)  # 0.002 is not above 1e-3 times 2.0


@pytest.mark.parametrize(
    ("array", "form"),
    [
        (weights(WIDTH), "exact"),
        (weights(20), "f16"),  # it is inlined in the plan
        (weights(WIDTH).astype(np.float32), "f32"),  # nothing is saved
        (weights(WIDTH), "sparse"),  # nothing is zero
        (np.full(WIDTH, 7e4), "f16"),  # it overflows a half
        (np.full(WIDTH, 1e39), "f32"),
    ],
)
def test_a_product_stays_unchanged(array: np.ndarray, form: str) -> None:
    original = scored(array)
    assert compact(original, form, cut=0.0) is original


def test_the_type_of_the_result_is_kept() -> None:
    x = ops.Input("x", f"f32[{WIDTH}]")
    for kind in (np.float32, np.float64):
        original = Definition({"y": ops.Linear(x, Parameter.of(weights(WIDTH).astype(kind)))}, (x,))
        assert only(compact(original, "f16", 0.0)).type == only(original).type
