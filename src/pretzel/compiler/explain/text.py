"""An explanation for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pretzel.compiler.explain.explanation import Explanation, bytes_of, duration, others_text, percent, size
from pretzel.compiler.optimize.trace import Step
from pretzel.plan.render import render

WIDTH = 110
_DEAR = 0.05
"""The share of the time from which a stage is named among those that take it."""


def as_text(told: Explanation, verbose: bool) -> str:
    """Return the explanation as text, one section after the other."""
    sections = (_summary(told), _dear(told), _definition(told), _sharing(told), _rules(told, verbose), _stages(told))
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _summary(told: Explanation) -> Iterator[str]:
    before, after = told.before, told.after
    columns = ", ".join(f"{column.name} ({column.type})" for column in told.plan.inputs[:8])
    more = f" and {len(told.plan.inputs) - 8} more" if len(told.plan.inputs) > 8 else ""
    yield f"{told.title}: {columns}{more} -> {', '.join(output.name for output in told.plan.outputs)}"
    if any(column.type is None for column in told.columns):
        named = (column.name if column.type else f"{column.name} (not read)" for column in told.columns)
        yield f"an array has {len(told.columns)} columns, in this order: {', '.join(named)}"
    yield (
        f"{before.operators} operators became {len(told.plan.stages)} kernels in {_count(len(told.passes), 'pass')}"
        f" over the rows; the work of a row went from about {before.work:,} to {after.work:,} elements"
        f" ({percent(before.work - after.work, before.work)} saved)"
    )
    yield f"parameters take {size(told.plan.parameter_bytes)}{_shared_part(told)}"


def _shared_part(told: Explanation) -> str:
    if not told.evidence.sharing:
        return ""
    shared = told.shared_bytes
    return f", of which other models hold {size(shared)} too ({percent(shared, told.plan.parameter_bytes)})"


def _dear(told: Explanation) -> Iterator[str]:
    """Name the stages that take the time, dearest first."""
    order = sorted(range(len(told.plan.stages)), key=lambda i: -told.shares[i])
    dear = [i for i in order if told.shares[i] >= _DEAR]
    if not dear:
        return
    if told.is_measured:
        yield f"Where the time goes, measured: {duration(sum(s or 0.0 for s in told.seconds))} a row"
    else:
        basis = "the elements touched" if None in told.expected else "the cost table"
        yield f"Where the time goes, estimated from {basis}"
    for i in dear:
        stage, seconds = told.plan.stages[i], told.seconds[i]
        cost = _time(seconds, told.expected[i]) or f"{told.works[i]:,} elements"
        reads = " ".join(_slot(told, slot) for slot in stage.inputs)
        share = f"{_bar(told.shares[i])} {percent(told.shares[i], 1):>5}"
        yield f"  {share}  {stage.operator} of {reads} : {stage.type}, {cost}"


def _bar(share: float, most: int = 20) -> str:
    return ("#" * max(1, round(share * most))).ljust(most)


def _definition(told: Explanation) -> Iterator[str]:
    yield "Definition"
    yield from _indented(render(told.definition))


def _sharing(told: Explanation) -> Iterator[str]:
    if told.shared:
        yield "Computed once for several readers"
    for item in told.shared:
        yield f"  {item.node.name} : {item.node.type}, {item.readers} readers"


def _rules(told: Explanation, verbose: bool) -> Iterator[str]:
    yield f"Rules, in {told.trace.passes} passes" if told.trace.steps else "Rules: none fired"
    for number, step in enumerate(told.trace.steps, 1):
        yield f"  {number}. {step.rule}{f' at {step.places} places' if step.places > 1 else ''}: {_saved(step)}"
        yield textwrap.fill(step.summary, WIDTH, initial_indent="     ", subsequent_indent="     ")
        if verbose:
            yield from _indented(render(step.after), "     | ")
    if not told.trace.finished:
        yield "  and no further: the work that optimizing one definition may take was used up"


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
    return ", ".join(parts) or "opens the way for others"


def _stages(told: Explanation) -> Iterator[str]:
    yield f"Stages, for kernels {told.plan.kernel_set}"
    heads = ("slot", "operator", "kernel", "reads", "gives", "parameters", "cost", "shared with", "value")
    rows = [heads, *(_row(told, i) for one in told.passes for i in one.stages)]
    head, *lines = _table(rows).splitlines()
    yield f"     {head}"
    for number, one in enumerate(told.passes, 1):
        what = "in one pass, row by row" if one.kind == "memory" else "vectorized"
        yield f"  {number}. {one.kind}-bound, {what}{', to the end of the row' if one.breaks else ''}"
        yield from (f"     {lines.pop(0)}" for _ in one.stages)
    for output in told.plan.outputs:
        labels = f", codes into a table of {size(output.labels.size)}" if output.labels else ""
        yield f"  {output.name} is slot {output.slot}{labels}"


def _row(told: Explanation, i: int) -> tuple[str, ...]:
    stage, seconds = told.plan.stages[i], told.seconds[i]
    return (
        str(len(told.plan.inputs) + i),
        stage.operator,
        stage.kernel,
        " ".join(_slot(told, slot) for slot in stage.inputs),
        str(stage.type),
        size(bytes_of(stage)) if stage.parameters else "",
        _time(seconds, told.expected[i]) or f"{told.works[i]:,}",
        others_text(told.others(stage)),
        stage.fingerprint[:12],
    )


def _time(measured: float | None, expected: float | None) -> str:
    if expected is None:
        return "" if measured is None else duration(measured)
    about = f"about {duration(expected)}"
    return about if measured is None else f"{duration(measured)} ({about})"


def _slot(told: Explanation, slot: int) -> str:
    return str(slot) if slot >= len(told.plan.inputs) else told.plan.inputs[slot].name


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 'es'}"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [min(28, max(map(len, column))) for column in zip(*rows, strict=True)]
    cut = ([_cut(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join("  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True) if n).rstrip() for row in cut)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


def _indented(text: str, margin: str = "  ") -> Iterator[str]:
    return (margin + line for line in text.splitlines())
