"""Estimates of a plan's time and memory before it runs, compared with the actual values."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.engine import load
from pretzel.engine.estimates import estimate
from pretzel.errors import ExhaustedError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Csr, Texts
from pretzel.plan.wire import columns_to_proto
from tests.data_plane.models import classifier, echo, regression
from tests.data_plane.models import vector as numbers


def loaded(definition: Definition):
    compiled = compile_plan(definition)
    return compiled.plan, load(compiled.plan, lambda digest: bytes(compiled.blobs[digest]))


def wide(width: int) -> Definition:
    """Multiply one column by many weights."""
    ones = Parameter.of(np.ones((1, width)))
    return Definition({"transform": ops.Linear(ops.Input("x", "f64[1]"), ones, Parameter.of(np.zeros(width)))})


def test_a_cheap_plan_has_a_small_estimate():
    plan, executable = loaded(regression(20))
    predicted = estimate(plan, executable.usual)
    assert 1e-6 < predicted.seconds(1, 160) < 1e-4
    assert predicted.seconds(100_000, 16_000_000) > 50 * predicted.seconds(100, 16_000)


def test_only_the_requested_outputs_are_counted():
    x = ops.Input("x", "f64[50]")
    costly = ops.Linear(x, Parameter.of(np.ones((50, 2000))), Parameter.of(np.zeros(2000)))
    cheap = ops.Linear(x, numbers(50, 0), Parameter.of(np.zeros(1)))
    plan, _ = loaded(Definition({"transform": costly, "predict": cheap}))
    both, one = (estimate(plan, names).seconds(100, 40_000) for names in (("transform", "predict"), ("predict",)))
    assert both > 5 * one


def test_the_estimates_of_two_plans_add_up():
    (plan, executable), (other, second) = loaded(regression(20)), loaded(wide(10))
    one, two = estimate(plan, executable.usual), estimate(other, second.usual)
    assert (one + two).row == one.row + two.row


@pytest.mark.parametrize(
    ("definition", "columns"),
    [
        (regression(3), {"x": np.ones((1000, 3))}),
        (wide(5000), {"x": np.ones((10, 1))}),
        (classifier(), {"x": np.ones(500)}),
    ],
)
@pytest.mark.parametrize("rows", [0, 1, None])
def test_the_response_size_of_dense_outputs_is_known_to_a_few_bytes(definition: Definition, columns, rows: int | None):
    columns = {name: column[:rows] for name, column in columns.items()}
    _, executable = loaded(definition)
    rows_needed, need = executable.need(columns, None, sum(column.nbytes for column in columns.values()))
    messages = columns_to_proto(executable.run(columns))
    real = sum(message.ByteSize() for message in messages)
    assert rows_needed == len(columns["x"])
    assert need.exact
    assert real - 80 * len(messages) <= need.answer <= real + 40 * len(messages)


def test_inputs_passed_through_keep_their_size():
    _, executable = loaded(echo())
    texts = Texts.of(["a" * 1000] * 100)
    _, need = executable.need({"text": texts, "x": np.ones(100)}, None, 100_400 + 800)
    assert need.answer >= 100_000
    assert not need.exact


def test_the_frame_is_bounded_by_the_block_for_any_number_of_rows():
    _, executable = loaded(regression(300))
    few, many = (executable.need({"x": np.ones((rows, 300))}, ("predict",), 0)[1].frame for rows in (10, 100_000))
    assert many < 300 * 8 * 8192
    assert few <= many


def test_variable_size_values_stay_within_the_limit_of_a_run():
    x = ops.Input("x", "f64{1000}")
    _, executable = loaded(Definition({"transform": ops.Elementwise(x, "abs")}))
    rows = Csr.of(np.ones((200, 1000)))
    taken = 200 * 1000 * 12
    assert len(executable.run({"x": rows}, most=taken)["transform"]) == 200
    with pytest.raises(ExhaustedError, match="more bytes than the request may take; send fewer rows"):
        executable.run({"x": rows}, most=taken - 1)
