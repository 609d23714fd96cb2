"""Write an explanation as text for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pretzel.compiler.explain.explanation import Explanation, bytes_of, others_text
from pretzel.compiler.explain.summary import summary_lines
from pretzel.compiler.optimize.trace import Step
from pretzel.plan.render import render
from pretzel.plan.units import duration, percent, size

_DROPPED = ("value", "kernel", "shared with", "reads", "step")
"""Columns of the table of stages that a narrow terminal lacks, in the order in which they go."""
_EXPENSIVE = 0.05
"""The share of the time from which a stage is listed as expensive."""


def as_text(report: Explanation, verbose: bool, width: int) -> str:
    """Return the explanation as sections of text: the summary first."""
    sections = (
        summary_lines(report, width),
        _shape(report),
        _expensive(report),
        _python(report),
        _definition(report),
        _sharing(report),
        _rules(report, verbose, width),
        _stages(report, width),
    )
    blocks = ("\n".join(_fitted(lines, width)) for lines in map(list, sections) if lines)
    return "\n\n".join(blocks) + "\n"


def _fitted(lines: list[str], width: int) -> Iterator[str]:
    """Yield lines that fit the width; the rest of a long one follows, indented further."""
    for line in lines:
        margin = line[: len(line) - len(line.lstrip(" |"))][: width // 2]
        yield from textwrap.wrap(line, width, subsequent_indent=margin + "    ") if len(line) > width else [line]


def _shape(report: Explanation) -> Iterator[str]:
    before, after = report.before, report.after
    if any(column.type is None for column in report.columns):
        named = (column.name if column.type else f"{column.name} (not read)" for column in report.columns)
        yield f"an array has {len(report.columns)} columns, in this order: {', '.join(named)}"
    yield (
        f"{before.operators} operators became {len(report.plan.stages)} kernels in {_count(len(report.passes), 'pass')}"
        f" over the rows; the work per row went from about {before.work:,} to {after.work:,} elements"
        f" ({percent(before.work - after.work, before.work)} saved)"
    )


def _expensive(report: Explanation) -> Iterator[str]:
    """List the stages that take most of the time, most expensive first."""
    order = sorted(range(len(report.plan.stages)), key=lambda i: -report.shares[i])
    expensive = [i for i in order if report.shares[i] >= _EXPENSIVE]
    if not expensive:
        return
    if report.is_measured:
        yield f"Where the time goes, measured: {duration(sum(s or 0.0 for s in report.seconds))} per row"
    else:
        basis = "the elements touched" if None in report.expected else "the cost table"
        yield f"Where the time goes, estimated from {basis}"
    for i in expensive:
        stage, seconds = report.plan.stages[i], report.seconds[i]
        cost = _time(seconds, report.expected[i]) or f"{report.works[i]:,} elements"
        reads = " ".join(_slot(report, slot) for slot in stage.inputs)
        share = f"{_bar(report.shares[i])} {percent(report.shares[i], 1):>5}"
        step = ", ".join(report.steps[i])
        yield f"  {share}  {stage.operator}{f' for {step}' if step else ''} of {reads} : {stage.type}, {cost}"


def _bar(share: float, most: int = 20) -> str:
    return ("#" * max(1, round(share * most))).ljust(most)


def _python(report: Explanation) -> Iterator[str]:
    """List the steps that run in side processes, with the cost of each hop and what would open the step."""
    steps = report.definition.metadata.get("python_stages") or ()
    if steps:
        yield "Python stages, each a hop to a side process"
    for step in steps:
        yield f"  {step['step']} ({step['class']}): {step['reason']}"
        for i, stage in enumerate(report.plan.stages):
            if stage.operator == "python_stage" and stage.attributes["path"] == step["step"]:
                cost = _time(report.seconds[i], None)
                yield f"    {stage.attributes['method']}: {f'{cost} per row, measured' if cost else 'not measured'}"
        yield f"    to open it: {step['remedy']}"


def _definition(report: Explanation) -> Iterator[str]:
    yield "Definition"
    yield from _indented(render(report.definition))


def _sharing(report: Explanation) -> Iterator[str]:
    if report.shared:
        yield "Computed once for several readers"
    for item in report.shared:
        yield f"  {item.node.name} : {item.node.type}, {item.readers} readers"


def _rules(report: Explanation, verbose: bool, width: int) -> Iterator[str]:
    yield f"Rules, in {report.trace.passes} passes" if report.trace.steps else "Rules: none fired"
    for number, step in enumerate(report.trace.steps, 1):
        yield f"  {number}. {step.rule}{f' at {step.places} places' if step.places > 1 else ''}: {_saved(step)}"
        yield textwrap.fill(step.summary, width, initial_indent="     ", subsequent_indent="     ")
        if verbose:
            yield from _indented(render(step.after), "     | ")
    if not report.trace.finished:
        yield "  stopped: the budget for optimizing one definition was used up"


def _saved(step: Step) -> str:
    saved = step.saved
    parts = []
    if saved.operators:
        noun = "operator" if abs(saved.operators) == 1 else "operators"
        parts.append(f"{abs(saved.operators)} {noun} {'fewer' if saved.operators > 0 else 'more'}")
    if saved.work:
        share = percent(abs(saved.work), step.cost.work)
        parts.append(f"{abs(saved.work):,} elements {'less' if saved.work > 0 else 'more'} ({share})")
    if saved.parameter_bytes:
        parts.append(f"{size(abs(saved.parameter_bytes))} {'less' if saved.parameter_bytes > 0 else 'more'}")
    return ", ".join(parts) or "enables other rules"


def _stages(report: Explanation, width: int) -> Iterator[str]:
    yield f"Stages, for kernels {report.plan.kernel_set}"
    heads = ("slot", "operator", "step", "kernel", "reads", "gives", "parameters", "cost", "shared with", "value")
    rows = [heads, *(_row(report, i) for one in report.passes for i in one.stages)]
    head, *lines = _table(rows, width - 5).splitlines()
    yield f"     {head}"
    for number, one in enumerate(report.passes, 1):
        mode = "in one pass, row by row" if one.kind == "memory" else "vectorized"
        yield f"  {number}. {one.kind}-bound, {mode}{', to the end of the row' if one.breaks else ''}"
        yield from (f"     {lines.pop(0)}" for _ in one.stages)
    for output in report.plan.outputs:
        labels = f", codes into a table of {size(output.labels.size)}" if output.labels else ""
        yield f"  {output.name} is slot {output.slot}{labels}"


def _row(report: Explanation, i: int) -> tuple[str, ...]:
    stage, seconds = report.plan.stages[i], report.seconds[i]
    return (
        str(len(report.plan.inputs) + i),
        stage.operator,
        ", ".join(report.steps[i]),
        stage.kernel,
        " ".join(_slot(report, slot) for slot in stage.inputs),
        str(stage.type),
        size(bytes_of(stage)) if stage.parameters else "",
        _time(seconds, report.expected[i]) or f"{report.works[i]:,}",
        others_text(report.others(stage)),
        stage.fingerprint[:12],
    )


def _time(measured: float | None, expected: float | None) -> str:
    if expected is None:
        return "" if measured is None else duration(measured)
    about = f"about {duration(expected)}"
    return about if measured is None else f"{duration(measured)} ({about})"


def _slot(report: Explanation, slot: int) -> str:
    return str(slot) if slot >= len(report.plan.inputs) else report.plan.inputs[slot].name


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 'es'}"


def _table(rows: list[tuple[str, ...]], width: int) -> str:
    """Return the rows in columns; in a narrow terminal without those that say least."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns = [column for column in columns if column[0] != "step" or any(column[1:])]
    for dropped in _DROPPED:
        if _breadth(columns) > width:
            columns = [column for column in columns if column[0] != dropped]
    widths = list(map(_width, columns))
    cut = ([_cut(cell, n) for cell, n in zip(row, widths, strict=True)] for row in zip(*columns, strict=True))
    return "\n".join("  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True) if n).rstrip() for row in cut)


def _width(column: list[str]) -> int:
    """Return the width of a column."""
    return min(28, max(map(len, column)))


def _breadth(columns: list[list[str]]) -> int:
    return sum(map(_width, columns)) + 2 * (len(columns) - 1)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


def _indented(text: str, margin: str = "  ") -> Iterator[str]:
    return (margin + line for line in text.splitlines())
