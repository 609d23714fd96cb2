"""Iterative kernels reject arguments that would lead out of bounds or run without end."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from pretzel.plan.types import ValueType, dense, sparse

F3, TOPICS = dense("f64", 3), {"words": np.ones((3, 2)), "prior": 1.0, "tolerance": 0.1, "iterations": 5}

WRONG: list[tuple[str, ValueType, ValueType, dict[str, Any]]] = [
    ("topics:Topics", F3, dense("f64", 4), TOPICS),
    ("topics:Topics", sparse("f64", 4), dense("f64", 2), TOPICS),
    ("topics:Topics", F3, dense("f32", 2), TOPICS),
    ("topics:Topics", F3, dense("f64", 2), TOPICS | {"iterations": 10**9}),
    ("topics:Topics", F3, dense("f64", 0), TOPICS | {"words": np.ones((3, 0))}),
    ("pursuit:MatchingPursuit", F3, F3, {"gram": np.eye(2), "count": 1}),
    ("pursuit:MatchingPursuit", F3, F3, {"gram": np.eye(3), "count": 4}),
    ("pursuit:MatchingPursuit", F3, F3, {"gram": np.eye(3), "count": 0}),
    ("pursuit:MatchingPursuit", dense("f32", 3), dense("f32", 3), {"gram": np.eye(3), "count": 1}),
]


@pytest.mark.parametrize(("target", "x", "output", "values"), WRONG)
def test_arguments_that_do_not_fit_are_rejected(
    target: str, x: ValueType, output: ValueType, values: dict[str, Any]
) -> None:
    module, name = target.split(":")
    kernel = getattr(importlib.import_module(f"pretzel.kernels.decomposition.{module}"), name)
    with pytest.raises(ValueError, match="expected"):
        kernel((x,), output, **values)
