"""Summaries: what they say, in the user's words, within ten lines and the terminal."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.explain import Evidence, explain
from pretzel.compiler.optimize import optimize
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from tests.compiler.explain.test_explain import NASTY, model


def lines(definition: Definition, evidence: Evidence | None = None, width: int = 80) -> dict[str, list[str]]:
    """Return the lines of a summary by their label."""
    text = explain(definition, format="summary", evidence=evidence, width=width)
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        label, rest = line[:8].strip(), line[8:]
        if label:
            found[label] = []
        found[[*found][-1]].append(rest)
    return found


def test_it_says_what_goes_in_and_out_and_what_helps():
    found = lines(model())
    assert found["takes"] == ["review (text), age (number)"]
    assert found["gives"] == ["decision_function, predict"]
    assert "by the cost table; the optimizer saved" in found["costs"][0]
    assert found["holds"][0].endswith(" of parameters")
    assert found["hot"] and all("of review" in line for line in found["hot"])
    assert found["helps"][0] == "deploy with --sample: times are measured, and kernels fitted to the data"


def test_measured_times_and_sharing():
    plan = compile_plan(optimize(model())).plan
    evidence = Evidence(measured={stage.fingerprint: 1e-3 if i == 2 else 1e-6 for i, stage in enumerate(plan.stages)})
    found = lines(model(), evidence)
    assert "1.01 ms per row, measured on the sample; " in found["costs"][0]
    assert found["hot"][0].startswith(" 99 %") and "1.00 ms" in found["hot"][0]
    assert not any("--sample" in line for line in found["helps"])
    large = Definition({"y": ops.Linear(ops.Input("x", "f64[200000]"), Parameter.of(np.arange(200_000.0)))})
    (weights,) = compile_plan(optimize(large)).plan.objects
    found = lines(large, Evidence(sharing={weights: 3}))
    assert found["takes"] == ["x (200000 numbers)"]
    assert "1.5 MiB of parameters, 1.5 MiB of them (100 %) shared with other models" in found["holds"]
    assert any("--weights f16: one stage holds 1.5 MiB" in line for line in found["helps"])
    found = lines(large, Evidence(sharing={weights: 1}))
    assert "1.5 MiB of parameters, none of them shared with other models" in found["holds"]


def test_python_stages_come_first_in_what_helps():
    opened = Definition(
        model().outputs, (), {"python_stages": [{"step": "p.own", "class": "C", "reason": "r", "remedy": "rewrite it"}]}
    )
    assert lines(opened)["helps"][0] == "p.own runs in a side process: rewrite it"


def wide(count: int) -> Definition:
    names = [f"a_rather_long_column_{i}" for i in range(count)]
    return Definition(
        {"y": ops.Linear(ops.Concat(tuple(ops.Input(n, "f64") for n in names)), Parameter.of(np.ones(count)))}
    )


def test_many_columns_are_counted():
    (takes,) = lines(wide(40))["takes"]
    assert takes == "a_rather_long_column_0 (number) and 39 more"
    assert any("of 40 columns" in line for line in lines(wide(40))["hot"])


@pytest.mark.parametrize("column", ["review", NASTY, "x" * 300])
@pytest.mark.parametrize("width", [0, 40, 80, 120])
def test_every_line_fits_and_a_summary_has_ten_at_most(column: str, width: int):
    summary = explain(model(column), format="summary", width=width)
    assert len(summary.splitlines()) <= 10
    assert max(map(len, summary.splitlines())) <= max(width, 40)
    text = explain(model(column), width=width, verbose=True)
    assert text.startswith(summary)
    if column == "review":
        assert max(map(len, text.splitlines())) <= max(width, 40)
