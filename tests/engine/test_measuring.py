"""Measured stages: each has a time, the expensive one the largest, and invalid input is rejected."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan

X = ops.Input("x", "f64[200]")
PRODUCT = ops.Linear(ops.RequireFinite(X, "Ridge"), Parameter.of(np.random.default_rng(0).normal(size=(200, 300))))
DEFINITION = Definition({"y": ops.Threshold(ops.Column(PRODUCT, 0))})


def loaded() -> tuple[engine.Executable, Plan]:
    compiled = compile_plan(DEFINITION)
    return engine.load(compiled.plan, compiled.blobs.__getitem__), compiled.plan


def test_every_stage_has_a_time_and_the_product_the_largest() -> None:
    executable, plan = loaded()
    seconds = engine.measure(executable, plan, [np.ones((100, 200))], 100)
    assert list(seconds) == [stage.fingerprint for stage in plan.stages]
    assert min(seconds.values()) >= 0
    slowest = max(plan.stages, key=lambda stage: seconds[stage.fingerprint])
    assert slowest.operator == "linear"


def test_texts_and_tokens_are_measured() -> None:
    tokens = ops.Tokenize(ops.Input("x", "str"), r"(?u)\b\w\w+\b")
    compiled = compile_plan(Definition({"y": ops.CountNgrams(tokens, Parameter.of(["ab", "cd"]), "word", 1, 1)}))
    executable = engine.load(compiled.plan, compiled.blobs.__getitem__)
    assert len(engine.measure(executable, compiled.plan, [("ab cd", "ef")], 2)) == 2


def test_rejected_and_empty_rows_raise() -> None:
    executable, plan = loaded()
    with pytest.raises(InputError, match="contains NaN"):
        engine.measure(executable, plan, [np.full((2, 200), np.nan)], 2)
    with pytest.raises(InputError, match="0 rows: expected at least one"):
        engine.measure(executable, plan, [np.ones((0, 200))], 0)
