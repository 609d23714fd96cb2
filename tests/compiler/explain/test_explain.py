"""Explanations: every format shows the same plan, and column names are escaped."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.explain import FORMATS, Evidence, Explanation, explain
from pretzel.compiler.explain.graphs import Picture
from pretzel.compiler.explain.svg import MOST_BOXES, Drawing
from pretzel.compiler.optimize import optimize
from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.units import duration

NASTY = '"</title><script>&\\\n]))};--> \x07 ü %'


def model(column: str = "review") -> Definition:
    """Two dictionaries over one text, and a number, into one classifier."""
    lower = ops.Lowercase(ops.Input(column, "str"))
    parts = [
        ops.Normalize(ops.CountNgrams(lower, Parameter.of(["a", "b", f"{unit}"]), unit, 1, 2, "f64"), "l2")
        for unit in ("char", "char_wb")
    ]
    age = ops.RequireFinite(ops.Input("age", "f64"), "StandardScaler")
    features = ops.Concat((*parts, age))
    scores = ops.Linear(features, Parameter.of(np.arange(7.0)), Parameter.of(np.array([0.5])))
    labels = ops.LabelLookup(ops.Threshold(scores), Parameter.of(["no", "yes"]))
    return Definition({"decision_function": scores, "predict": labels}, (), {"estimator": "Pipeline"})


def test_the_text_lists_rules_sharing_stages_and_outputs() -> None:
    text = explain(model())
    assert text.startswith("Pipeline\ntakes   review (text), age (number)\ngives   decision_function, predict\n")
    for expected in (
        "lowercase : str, 2 readers",
        "push_linear_through_concat",
        "norm_after_dot at 2 places",
        "Stages, for kernels",
        "normalized_linear",
        "predict is slot",
    ):
        assert expected in text
    assert "     | %0 = input" in explain(model(), verbose=True)


def test_json_is_complete() -> None:
    explained = json.loads(explain(model(), format="json", verbose=True))
    plan = compile_plan(optimize(model())).plan
    assert explained["plan"]["digest"] == str(plan.digest)
    assert [stage["fingerprint"] for stage in explained["plan"]["stages"]] == [s.fingerprint for s in plan.stages]
    assert explained["before"]["work"] > explained["after"]["work"]
    assert {"push_linear_through_concat", "norm_after_dot"} <= {step["rule"] for step in explained["rules"]}
    derived = {p["derived"] for stage in explained["plan"]["stages"] for p in stage["parameters"]}
    assert derived == {True, False}


def test_a_given_plan_is_explained_unchanged() -> None:
    plain = compile_plan(model()).plan
    assert json.loads(explain(model(), plain, format="json"))["plan"]["digest"] == str(plain.digest)


def test_measurements_replace_the_estimate() -> None:
    plan = compile_plan(optimize(model())).plan
    seconds = {stage.fingerprint: 1e-6 * (i + 1) for i, stage in enumerate(plan.stages)}
    total = sum(seconds.values())
    explained = Explanation.of(model(), plan, Evidence(measured=seconds))
    assert explained.is_measured
    assert explained.shares == pytest.approx([value / total for value in seconds.values()])
    text = explain(model(), plan, evidence=explained.evidence)
    assert f"Where the time goes, measured: {duration(total)} per row\n" in text
    stages = json.loads(explain(model(), plan, format="json", evidence=explained.evidence))["plan"]["stages"]
    assert [stage["seconds"] for stage in stages] == list(seconds.values())


def test_measurements_of_other_stages_are_ignored() -> None:
    explained = Explanation.of(model(), evidence=Evidence(measured={"another": 1.0}))
    assert not explained.is_measured
    assert sum(explained.shares) == pytest.approx(1.0)
    assert "estimated from the cost table" in explain(model(), evidence=explained.evidence)


def test_sharing_is_shown_for_separate_objects() -> None:
    shared = Definition({"y": ops.Linear(ops.Input("x", "f64[500]"), Parameter.of(np.arange(500.0)))})
    plan = compile_plan(optimize(shared)).plan
    (weights,) = plan.objects
    evidence = Evidence(sharing={weights: 86})
    text = explain(shared, plan, evidence=evidence)
    assert "85 other models" in text
    assert "holds   4.0 KiB of parameters, 4.0 KiB of them (100 %) shared with other models" in text
    (stage,) = json.loads(explain(shared, plan, format="json", evidence=evidence))["plan"]["stages"]
    assert stage["other_models"] == 85
    for picture in ("dot", "mermaid", "svg"):
        assert "as in 85 other models" in explain(shared, plan, format=picture, evidence=evidence)
    assert "other model" not in explain(shared, plan, evidence=Evidence(sharing={weights: 1})).split("Stages")[1]


def test_the_most_expensive_boxes_are_marked() -> None:
    plan = compile_plan(optimize(model())).plan
    seconds = {stage.fingerprint: 1.0 if i == 1 else 0.001 for i, stage in enumerate(plan.stages)}
    picture = Picture(Explanation.of(model(), plan, Evidence(measured=seconds)))
    first = len(plan.inputs)
    assert [i for i, heat in enumerate(picture.heat) if heat == "hot"] == [first + 1]
    ElementTree.fromstring(explain(model(), plan, format="svg", evidence=picture.report.evidence))


@pytest.mark.parametrize("format", FORMATS)
def test_names_are_escaped(format: str) -> None:
    explained = explain(model(NASTY), format=format)
    if format == "json":
        assert json.loads(explained)["plan"]["inputs"][0]["name"] == NASTY
    if format == "svg":
        drawn = ElementTree.fromstring(explained)
        assert not [element for element in drawn.iter() if element.tag.endswith("script")]
    if format == "dot":
        line = next(line for line in explained.splitlines() if line.startswith("  n0 "))
        assert re.fullmatch(r'  n0 \[shape=ellipse, label="(?:[^"\\]|\\.)*"\]', line)
    if format == "mermaid":
        assert re.search(r'^  n0\(\["[^"<>\\]*<br/>str"\]\)$', explained, re.MULTILINE)


def test_boxes_do_not_overlap_and_arrows_point_down() -> None:
    picture = Picture(Explanation.of(model()))
    drawing = Drawing.of(picture)
    boxes = drawing.boxes
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            separated = abs(a.x - b.x) >= (a.width + b.width) / 2
            assert separated or a.y + a.height <= b.y or b.y + b.height <= a.y
    for way in drawing.ways:
        assert all(boxes[i].y + boxes[i].height < boxes[j].y for i, j in zip(way, way[1:], strict=False))
    assert [(way[0], way[-1]) for way in drawing.ways] == picture.arrows


def test_a_plan_too_large_to_draw_is_rejected() -> None:
    columns = tuple(ops.Input(str(i), "f64") for i in range(MOST_BOXES))
    wide = Definition({"y": ops.Concat(columns)})
    with pytest.raises(InputError, match="too large to draw"):
        explain(wide, format="svg")
    assert explain(wide).startswith("definition\ntakes   0 (number), 1 (number)")


def test_an_unknown_format_is_rejected() -> None:
    with pytest.raises(InputError, match="expected one of text, json, dot, mermaid, svg, summary"):
        explain(model(), format="pdf")


def test_a_definition_without_rewrites_is_reported() -> None:
    x = ops.Input("x", "f64[2]")
    assert "Rules: none fired" in explain(Definition({"y": ops.Normalize(x, "l2")}))
