"""Processor seconds of a million predictions, in process: what a processor spends energy on."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pretzel
from benchmarks.paper import plots
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments.members import spread
from benchmarks.paper.markdown import number, table
from benchmarks.paper.workloads import Member, repeated

BATCHES = (1, 1000)
SIDES = ("Pretzel", "scikit-learn")
LEAST = 0.1
"""Processor seconds of one measurement, in those of ``Size.seconds``; a single call if that takes longer."""
MILLION = 1e6


def measure(context: Context) -> Found:
    """Measure a spread of each workload's models on both sides in turn, by the time of all threads of the process."""
    found: Found = {"models": {}, "seconds": {}}
    for name, workload in context.workloads.items():
        members = [kept.member for kept in spread(workload, context.size)]
        taken = []
        for count, member in enumerate(members, 1):
            context.progress(f"{name}: processor seconds of model {count} of {len(members)}")
            taken.append(_of_member(context, member, workload.rows))
        found["models"][name] = len(members)
        found["seconds"][name] = {
            str(batch): [statistics.fmean(one[batch][side] for one in taken) for side in range(len(SIDES))]
            for batch in BATCHES
        }
    return found | {"headline": _headline(found), "behind": _behind(found)}


def _of_member(context: Context, member: Member, rows: Any) -> dict[int, list[float]]:
    """Return the processor seconds of a million predictions of each side, by batch."""
    predict = (pretzel.load(member.definition).predict, member.estimator().predict)
    found = {}
    for batch in BATCHES:
        inputs = _batches(rows, batch)
        rounds = [
            [_per_million(call, inputs, LEAST * context.size.seconds) for call in predict]
            for _ in range(context.size.rounds)
        ]
        found[batch] = [statistics.median(side) for side in zip(*rounds, strict=True)]
    return found


def _batches(rows: Any, batch: int) -> list[Any]:
    """Return the rows one by one; or a batch that repeats them."""
    if batch == 1:
        return [rows[i : i + 1] for i in range(len(rows))]
    return [repeated(rows, batch)]


def _per_million(call: Callable[[Any], Any], inputs: list[Any], least: float) -> float:
    call(inputs[0])
    answered, begun = 0, time.process_time()
    while (taken := time.process_time() - begun) < least or not answered:
        for item in inputs[: 1 + answered // 10]:  # the clock is read more seldom when calls are short
            call(item)
            answered += len(item)
    return MILLION * taken / answered


def _pairs(found: Found) -> list[tuple[str, str, float, float]]:
    return [(name, batch, *sides) for name, one in found["seconds"].items() for batch, sides in one.items()]


def _headline(found: Found) -> dict[str, float]:
    return {
        f"{name}, processor seconds of a million predictions, {_said(batch)}": ours
        for name, batch, ours, _ in _pairs(found)
    }


def _said(batch: str) -> str:
    return "one row a call" if batch == "1" else f"{int(batch):,} rows a call"


def _behind(found: Found) -> list[str]:
    return [
        f"{name}, {_said(batch)}: Pretzel takes {number(ours / theirs)} times the processor seconds of scikit-learn."
        for name, batch, ours, theirs in _pairs(found)
        if ours > theirs
    ]


def as_markdown(found: Found) -> str:
    """Return a table of both sides by workload and batch."""
    rows = [
        (name, found["models"][name], _said(batch), ours, theirs, theirs / ours)
        for name, batch, ours, theirs in _pairs(found)
    ]
    heads = ("workload", "models", "calls", *(f"{side}, s" for side in SIDES), "times less")
    about = (
        "Processor seconds of all threads for a million predictions, mean over models, in one process: a measure of "
        "the energy that does not depend on the machine's meter.  The paper does not report it."
    )
    return "\n\n".join([about, table(heads, rows), *found["behind"]])


def draw(found: Found, figure: Any) -> None:
    """Draw the seconds of both sides as bars."""
    axis = figure.subplots()
    bars = [
        (f"{name}, {_said(batch)}, {side}", taken, colour)
        for name, batch, *sides in _pairs(found)
        for side, taken, colour in zip(SIDES, sides, (plots.OURS, plots.THEIRS), strict=True)
    ]
    plots.bars(axis, *map(list, zip(*bars, strict=True)), "processor seconds of a million predictions")  # type: ignore[call-arg]
    axis.set_xscale("log")


EXPERIMENT = Experiment("energy", "Processor seconds of a million predictions", measure, as_markdown, draw)
