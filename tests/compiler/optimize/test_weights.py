"""Weights in fewer bytes: what is rounded, what is left out, and where a product stays as it is."""

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
    made = ops.NormalizedLinear(x, held, None, norm) if norm else ops.Linear(x, held)
    return Definition({"y": made}, (x,))


def only(definition: Definition) -> Any:
    return definition.outputs["y"]


def weights(*shape: int, zeros: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(0)
    made = random.normal(size=shape)
    made[random.random(len(made)) < zeros] = 0.0
    return made


@pytest.mark.parametrize("norm", ["", "l2"])
@pytest.mark.parametrize(
    ("form", "relative", "saved"), [("f32", 1e-6, 0.5), ("f16", 1e-2, 0.25), ("sparse", 0.0, 0.35)]
)
def test_answers_stay_near_and_bytes_are_saved(form: str, relative: float, saved: float, norm: str) -> None:
    made = scored(weights(WIDTH, 3, zeros=0.7 if form == "sparse" else 0.0), norm)
    rewritten = compact(made, form, cut=0.0)
    x = {"x": Csr.of(np.random.default_rng(1).normal(size=(7, WIDTH)))}
    compiled, exact = compile_plan(rewritten), compile_plan(made)
    by_kernels = engine.load(compiled.plan, lambda digest: compiled.blobs[digest]).run(x)["y"]
    want = evaluate(made, x)["y"]
    largest = np.abs(want).max()
    np.testing.assert_allclose(by_kernels, want, rtol=relative + 1e-12, atol=relative * largest + 1e-12)
    np.testing.assert_array_equal(by_kernels, evaluate(rewritten, x)["y"])
    assert compiled.plan.parameter_bytes <= saved * exact.plan.parameter_bytes + 400


def test_columns_of_small_weights_are_left_out_only_below_the_cut() -> None:
    array = np.full(WIDTH, 1e-4)
    array[5], array[7], array[9] = 2.0, 0.002, -0.003
    held = only(compact(scored(array), "sparse", cut=1e-3))
    assert held.weights.array.tolist() == [2.0, -0.003]
    assert held.kept.array[0] == (1 << 5) | (1 << 9)  # 0.002 is not above 1e-3 times 2.0


@pytest.mark.parametrize(
    ("array", "form"),
    [
        (weights(WIDTH), "exact"),
        (weights(20), "f16"),  # it travels inside the plan
        (weights(WIDTH).astype(np.float32), "f32"),  # nothing is saved
        (weights(WIDTH), "sparse"),  # nothing is zero
        (np.full(WIDTH, 7e4), "f16"),  # no half is so large
        (np.full(WIDTH, 1e39), "f32"),
    ],
)
def test_a_product_stays_as_it_is(array: np.ndarray, form: str) -> None:
    made = scored(array)
    assert compact(made, form, cut=0.0) is made


def test_the_type_of_the_result_is_kept() -> None:
    x = ops.Input("x", f"f32[{WIDTH}]")
    for kind in (np.float32, np.float64):
        made = Definition({"y": ops.Linear(x, Parameter.of(weights(WIDTH).astype(kind)))}, (x,))
        assert only(compact(made, "f16", 0.0)).type == only(made).type
