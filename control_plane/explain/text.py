"""An explanation for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pretzel.control_plane.explain.explanation import Explanation, bytes_of, percent, size
from pretzel.control_plane.optimize.trace import Step
from pretzel.plan.render import render

WIDTH = 110


def as_text(told: Explanation, verbose: bool) -> str:
    """Return the explanation as text, one section after the other."""
    sections = (_summary(told), _definition(told), _sharing(told), _rules(told, verbose), _stages(told))
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _summary(told: Explanation) -> Iterator[str]:
    before, after = told.before, told.after
    columns = ", ".join(f"{column.name} ({column.type})" for column in told.plan.inputs[:8])
    more = f" and {len(told.plan.inputs) - 8} more" if len(told.plan.inputs) > 8 else ""
    yield f"{told.title}: {columns}{more} -> {', '.join(output.name for output in told.plan.outputs)}"
    yield (
        f"{before.operators} operators became {len(told.plan.stages)} stages;"
        f" the work of a row went from about {before.work:,} to {after.work:,} elements"
        f" ({percent(before.work - after.work, before.work)} saved); parameters take {size(told.plan.parameter_bytes)}"
    )


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
    rows: list[tuple[str, ...]] = [("slot", "operator", "kernel", "reads", "gives", "parameters", "value")]
    for i, stage in enumerate(told.plan.stages):
        reads = " ".join(_slot(told, slot) for slot in stage.inputs)
        parameters = f"{size(bytes_of(stage))}" if stage.parameters else ""
        slot = str(len(told.plan.inputs) + i)
        rows.append((slot, stage.operator, stage.kernel, reads, str(stage.type), parameters, stage.fingerprint[:12]))
    yield from _indented(_table(rows))
    for output in told.plan.outputs:
        labels = f", codes into a table of {size(output.labels.size)}" if output.labels else ""
        yield f"  {output.name} is slot {output.slot}{labels}"


def _slot(told: Explanation, slot: int) -> str:
    return str(slot) if slot >= len(told.plan.inputs) else told.plan.inputs[slot].name


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [min(28, max(map(len, column))) for column in zip(*rows, strict=True)]
    cut = ([_cut(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join("  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in cut)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


def _indented(text: str, margin: str = "  ") -> Iterator[str]:
    return (margin + line for line in text.splitlines())
