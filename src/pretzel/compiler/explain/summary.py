"""The summary of an explanation: at most ten lines on costs, sharing, what dominates and what would help."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from pretzel.compiler.explain.explanation import Explanation, bytes_of
from pretzel.plan.controls import visible
from pretzel.plan.units import duration, percent, size

MOST_LINES = 10
_MOST_HOT, _MOST_HELP = 3, 2
_EXPENSIVE = 0.1
"""The share of the time from which a stage is listed."""
_LARGE = 1 << 20
"""Bytes of weights from which inexact storage is worth a mention."""
_LABEL = 8

_KINDS = {"str": "text", "f64": "number", "f32": "number", "i64": "integer", "i32": "integer", "bool": "flag"}
_CHEAPER = {
    "count_ngrams": "fewer lengths of n-grams, or a smaller vocabulary",
    "hash_ngrams": "fewer lengths of n-grams",
    "tokenize": "shorter texts, or the default token pattern",
    "tree_ensemble": "fewer or shallower trees",
    "tree_contributions": "fewer or shallower trees",
    "distances": "fewer training rows or support vectors",
    "nearest": "fewer training rows",
}
"""Changes by which a user makes an operator cheaper."""


def as_summary(report: Explanation, verbose: bool, width: int) -> str:
    """Return the summary alone."""
    return "\n".join([*summary_lines(report, width), ""])


def summary_lines(report: Explanation, width: int) -> Iterator[str]:
    """Yield the lines of the summary; each fits the width."""
    yield _cut(_plain(_title(report)), width)
    lines = [*_shape(report, width - _LABEL), *_costs(report), *_dominating(report), *_helping(report)]
    for label, text in lines[: MOST_LINES - 1]:
        yield _cut(f"{label:<{_LABEL}}{_plain(text)}", width)


def _title(report: Explanation) -> str:
    library = report.definition.metadata.get("library")
    return f"{report.title}{f', by {library}' if library else ''}"


def _shape(report: Explanation, width: int) -> Iterator[tuple[str, str]]:
    yield (
        "takes",
        _listed([f"{_plain(column.name)} ({_kind(str(column.type))})" for column in report.plan.inputs], width),
    )
    yield "gives", _listed([_plain(output.name) for output in report.plan.outputs], width)


def _listed(names: list[str], width: int) -> str:
    """Return as many names as fit, and the number of the others."""
    for count in range(len(names), 0, -1):
        rest = f" and {len(names) - count} more" if count < len(names) else ""
        text = ", ".join(names[:count]) + rest
        if len(text) <= width:
            return text
    return f"{len(names)} columns"


def _kind(type: str) -> str:
    width = type.partition("[")[2].rstrip("]")
    return f"{width} {_KINDS.get(type.partition('[')[0], type)}s" if width.isdigit() else _KINDS.get(type, type)


def _costs(report: Explanation) -> Iterator[tuple[str, str]]:
    before, after = report.before, report.after
    amounts = report.seconds if report.is_measured else report.expected
    known = sum(amount or 0.0 for amount in amounts)
    basis = "measured on the sample" if report.is_measured else "by the cost table"
    time = f"{duration(known)} per row, {basis}" if known else f"{after.work:,} elements per row"
    saved = percent(before.work - after.work, before.work)
    yield "costs", f"{time}; the optimizer saved {saved} of the work"
    yield "holds", f"{size(report.plan.parameter_bytes)} of parameters{_sharing(report)}"


def _sharing(report: Explanation) -> str:
    if not report.evidence.sharing:
        return ""
    shared = report.shared_bytes
    if not shared:
        return ", none of them shared with other models"
    return f", {size(shared)} of them ({percent(shared, report.plan.parameter_bytes)}) shared with other models"


def _dominating(report: Explanation) -> Iterator[tuple[str, str]]:
    order = sorted(range(len(report.plan.stages)), key=lambda i: -report.shares[i])[:_MOST_HOT]
    for position, i in enumerate(i for i in order if report.shares[i] >= _EXPENSIVE):
        seconds = report.seconds[i] if report.is_measured else report.expected[i]
        time = f", {duration(seconds)}" if seconds else ""
        held = bytes_of(report.plan.stages[i])
        memory = f", {size(held)}" if held else ""
        yield "hot" if not position else "", f"{percent(report.shares[i], 1):>5}  {stage_name(report, i)}{time}{memory}"


def stage_name(report: Explanation, i: int) -> str:
    """Return a stage by the user's step or columns: ``count_ngrams of review``."""
    stage = report.plan.stages[i]
    step = report.step(i)
    name = stage.operator.replace("_", " ") + (f" for {step}" if step else "")
    columns = columns_of(report, i)
    named = " and ".join(columns) if len(columns) < 3 else f"{len(columns)} columns"
    return f"{name} of {named}" if columns else name


def columns_of(report: Explanation, i: int) -> list[str]:
    """Return the columns of the input that a stage reads, directly or through others, in order."""
    plan, first = report.plan, len(report.plan.inputs)

    @cache
    def reads(slot: int) -> frozenset[int]:
        if slot < first:
            return frozenset([slot])
        return frozenset().union(*(reads(own) for own in plan.stages[slot - first].inputs))

    return [plan.inputs[slot].name for slot in sorted(reads(first + i))]


def _helping(report: Explanation) -> Iterator[tuple[str, str]]:
    found = list(_advice(report))[:_MOST_HELP] or ["nothing stands out; --verbose shows every stage"]
    for position, text in enumerate(found):
        yield "helps" if not position else "", text


def _advice(report: Explanation) -> Iterator[str]:
    """Yield what the user could change, the most effective first."""
    for step in report.definition.metadata.get("python_stages") or ():
        yield f"{step['step']} runs in a side process: {step['remedy']}"
    largest = max(map(bytes_of, report.plan.stages), default=0)
    if largest > _LARGE and report.plan.parameter_bytes < 2 * largest:
        yield f"deploy with --weights f16: one stage holds {size(largest)}"
    if not report.is_measured:
        yield "deploy with --sample: times are measured, and kernels fitted to the data"
    hottest = max(range(len(report.plan.stages)), key=report.shares.__getitem__, default=None)
    if hottest is not None and report.shares[hottest] >= 0.5:
        cheaper = _CHEAPER.get(report.plan.stages[hottest].operator)
        if cheaper:
            yield f"{report.plan.stages[hottest].operator.replace('_', ' ')}: {cheaper}"
    if report.evidence.sharing and not report.shared_bytes and report.plan.parameter_bytes > _LARGE:
        yield "models that share a fitted step (a vectorizer, an encoder) hold it once"


def _plain(text: str) -> str:
    """Return a text on one line, with control characters escaped."""
    return visible(text).replace("\n", "\\n")


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
