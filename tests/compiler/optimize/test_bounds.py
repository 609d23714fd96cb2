"""Bounds: no value of the references exceeds its proved bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pretzel.compiler.optimize.bounds import MAX_COUNT, UNKNOWN, Bound, bound, largest
from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import evaluate
from pretzel.plan.values import Csr
from tests.compiler.optimize.generate import columns, definition

HALF = Parameter.of(np.array([0.5]))
X = ops.Input("x", "f64[1]")
COUNTS = ops.CountNgrams(ops.Input("t", "str"), Parameter.of(["a"]), "char", 1, 1, "f64")


@pytest.mark.parametrize("seed", range(300))
def test_no_value_exceeds_its_bound(seed: int) -> None:
    original = definition(seed)
    nodes = {str(i): node for i, node in enumerate(original.nodes) if not node.type.is_text and node.inputs}
    if not nodes:
        return
    try:
        with np.errstate(all="ignore"):
            values = evaluate(Definition(nodes, original.inputs), columns(original, seed))
    except InputError:
        return
    for name, node in nodes.items():
        value = values[name].data if isinstance(values[name], Csr) else np.asarray(values[name])
        proved = bound(node)
        numbers = value[~np.isnan(value)] if value.dtype.kind == "f" else value
        assert proved.nan or len(numbers.ravel()) == value.size
        assert (np.abs(numbers.astype(float)) <= proved.limit).all(), f"{node!r}: {numbers}, {proved}"


def test_counts_are_finite_and_inputs_are_not() -> None:
    assert bound(COUNTS) == Bound(MAX_COUNT, nan=False)
    assert bound(X) is UNKNOWN


def test_a_check_proves_its_values_finite() -> None:
    assert bound(ops.RequireFinite(X, "A")).finite
    assert bound(ops.RequireFinite(X, "A", allow_nan=True)).nan


def test_the_largest_number_divided_by_a_half_is_infinite() -> None:
    checked = ops.RequireFinite(X, "A")
    assert not bound(ops.Standardize(checked, None, HALF)).finite
    assert bound(ops.Affine(checked, HALF)).finite


@pytest.mark.parametrize("worst", [math.nan, math.inf, -math.inf])
def test_a_nonfinite_parameter_proves_nothing(worst: float) -> None:
    odd = Parameter.of(np.array([1.0, worst]))
    assert largest(odd) == math.inf
    assert not bound(ops.Take(ops.Input("c", "i64"), odd, 0.0)).finite


def test_a_sum_may_overflow_although_its_terms_do_not() -> None:
    huge = Parameter.of(np.array([1e300]))
    assert not bound(ops.Linear(COUNTS, huge)).finite
    assert bound(ops.Linear(COUNTS, HALF)).finite


def test_a_cast_to_float32_may_overflow() -> None:
    large = ops.Affine(COUNTS, Parameter.of(np.array([1e30])))
    assert bound(large).finite
    assert not bound(ops.Cast(large, "f32")).finite
