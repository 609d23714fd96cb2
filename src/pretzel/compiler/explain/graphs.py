"""Write an explanation as a graph for Graphviz or Mermaid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pretzel.compiler.explain.explanation import Explanation, bytes_of, others_text
from pretzel.plan.controls import visible
from pretzel.plan.node import OPERATORS
from pretzel.plan.plan import Plan
from pretzel.plan.render import defaults
from pretzel.plan.units import duration, percent, size

LONGEST = 36


@dataclass(frozen=True)
class Picture:
    """The boxes and arrows of a plan; boxes of inputs, stages and outputs are numbered in this order."""

    report: Explanation

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.report.plan

    @cached_property
    def heat(self) -> list[str]:
        """The cost class of each box: ``hot`` from half of the time, ``warm`` from a tenth, else empty."""
        shares = [0.0] * len(self.plan.inputs) + self.report.shares + [0.0] * len(self.plan.outputs)
        return ["hot" if share >= 0.5 else "warm" if share >= 0.1 else "" for share in shares]

    @cached_property
    def boxes(self) -> list[tuple[str, list[str]]]:
        """The kind of each box (input, stage, output) and its lines of text."""
        inputs = [("input", [column.name, str(column.type)]) for column in self.plan.inputs]
        stages = [("stage", _stage_lines(self.report, i)) for i in range(len(self.plan.stages))]
        outputs = [("output", [output.name, "labels" if output.labels else ""]) for output in self.plan.outputs]
        return [(kind, [line for line in lines if line]) for kind, lines in [*inputs, *stages, *outputs]]

    @cached_property
    def arrows(self) -> list[tuple[int, int]]:
        """Pairs of boxes, from value to reader."""
        first = len(self.plan.inputs)
        reads = [(slot, first + i) for i, stage in enumerate(self.plan.stages) for slot in stage.inputs]
        last = first + len(self.plan.stages)
        return reads + [(output.slot, last + i) for i, output in enumerate(self.plan.outputs)]


def as_dot(report: Explanation, verbose: bool, width: int) -> str:
    """Return the plan as a Graphviz digraph."""
    return "\n".join(_dot_lines(Picture(report))) + "\n"


def as_mermaid(report: Explanation, verbose: bool, width: int) -> str:
    """Return the plan as a Mermaid flowchart."""
    return "\n".join(_mermaid_lines(Picture(report))) + "\n"


def _dot_lines(picture: Picture) -> Iterator[str]:
    shapes = {"input": "ellipse", "stage": "box", "output": "ellipse"}
    yield "digraph plan {"
    yield '  node [fontname="Helvetica", fontsize=11]'
    fills = {"hot": ', style=filled, fillcolor="#f6c7b6"', "warm": ', style=filled, fillcolor="#fbe9c6"', "": ""}
    for i, ((kind, lines), heat) in enumerate(zip(picture.boxes, picture.heat, strict=True)):
        yield f"  n{i} [shape={shapes[kind]}, label={_dot_text(lines)}{fills[heat]}]"
    first = len(picture.plan.inputs)
    for number, one in enumerate(picture.report.passes):
        boxes = " ".join(f"n{first + i};" for i in one.stages)
        yield f'  subgraph cluster_{number} {{ label="{one.kind}-bound"; style=dotted; fontsize=10; {boxes} }}'
    for a, b in picture.arrows:
        yield f"  n{a} -> n{b}"
    yield "}"


def _dot_text(lines: list[str]) -> str:
    # Graphviz reads \n as a line break, and any other backslash as an escape.
    escaped = (visible(line).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def _mermaid_lines(picture: Picture) -> Iterator[str]:
    brackets = {"input": ("([", "])"), "stage": ("[", "]"), "output": ("([", "])")}
    yield "flowchart TD"
    for i, (kind, lines) in enumerate(picture.boxes):
        opening, closing = brackets[kind]
        yield f"  n{i}{opening}{_mermaid_text(lines)}{closing}"
    first = len(picture.plan.inputs)
    for number, one in enumerate(picture.report.passes):
        boxes = " & ".join(f"n{first + i}" for i in one.stages)
        yield f"  subgraph p{number} [{one.kind}-bound]\n    {boxes}\n  end"
    for heat, colour in (("hot", "#f6c7b6"), ("warm", "#fbe9c6")):
        boxes = ",".join(f"n{i}" for i, level in enumerate(picture.heat) if level == heat)
        if boxes:
            yield f"  classDef {heat} fill:{colour}\n  class {boxes} {heat}"
    for a, b in picture.arrows:
        yield f"  n{a} --> n{b}"


def _mermaid_text(lines: list[str]) -> str:
    # Quotes and the special characters of Mermaid and HTML become numbered entities.
    special = {ord(character): f"#{ord(character)};" for character in '"#<>&;`\\[](){}|'}
    return '"' + "<br/>".join(" ".join(visible(line).translate(special).split()) for line in lines) + '"'


def _stage_lines(report: Explanation, i: int) -> list[str]:
    stage = report.plan.stages[i]
    usual = defaults(OPERATORS[stage.operator]) if stage.operator in OPERATORS else {}
    changed = {name: value for name, value in stage.attributes.items() if repr(value) != repr(usual.get(name))}
    shown = ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in changed.items())
    step = ", ".join(report.steps[i])
    attributes = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
    seconds = report.seconds[i]
    time = f"{duration(seconds)}, " if seconds is not None else ""
    stored = size(bytes_of(stage)) if stage.parameters else ""
    also = others_text(report.others(stage))
    return [
        stage.operator,
        step if len(step) <= LONGEST else step[: LONGEST - 1] + "…",
        attributes,
        str(stage.type),
        f"{stored}, as in {also}" if also else stored,
        f"{time}{percent(report.shares[i], 1)} of the time",
    ]
