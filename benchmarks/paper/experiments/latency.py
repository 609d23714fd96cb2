"""Latency of one row in process: the first call of each model, and hot calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.paper import plots
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments import apart, calling
from benchmarks.paper.experiments.calling import COUNTED, DROPPED, SIDES, Hot
from benchmarks.paper.experiments.plans import plans_of
from benchmarks.paper.markdown import number, table
from benchmarks.paper.workloads import Workload

QUANTILES = {"P10": 0.1, "P50": 0.5, "P99": 0.99, "P99.9": 0.999, "worst": 1.0}
POINTS = 200
NAMES = {"ours": "Pretzel", "theirs": "scikit-learn"}
OVER = {
    "cold": "first call of each model",
    "hot": f"hot, mean of {COUNTED} calls of each model",
    "calls": "hot, single calls",
}
PROCESSOR = "processor"
WANTED = 50.0
"""Times that the hot P99 of SA is lower than the library's."""
Paper = tuple[float | None, float | None]
PAPER: Mapping[str, Mapping[str, Mapping[str, Paper]]] = {
    "SA": {
        "cold": {"P50": (395, 1360), "P99": (800, 8100), "worst": (6300, 280_000)},
        "hot": {"P10": (29, 330), "P50": (150, 472), "P99": (190, 610)},
    },
    "AC": {
        "cold": {"P50": (3000, 14_800), "P99": (5800, 32_900), "worst": (17_300, 150_000)},
        "hot": {"P10": (10, 590), "P50": (1145, 4750), "P99": (2300, 7100)},
    },
}
"""Microseconds of PRETZEL and of ML.Net; the worst ones are the paper's multiples of the hot P99."""


def measure(context: Context) -> Found:
    """Time the first calls in a process for each side, and hot calls of both sides in one."""
    found: Found = {kind: _measured(context, workload) for kind, workload in context.workloads.items()}
    headline = {
        f"{kind}, {over}, {q} of {NAMES[side]}, us": one[over][side][q]
        for kind, one in found.items()
        for over in ("cold", "hot")
        for side in SIDES
        for q in ("P50", "P99")
    }
    targets = {f"{kind} hot P99": _ratio(one["hot"], "P99") for kind, one in found.items()}
    behind = [sentence for kind, one in found.items() for sentence in _behind(kind, one)]
    return {"kinds": found, "headline": headline, "targets": targets, "behind": behind}


def _measured(context: Context, workload: Workload) -> Found:
    plans = plans_of(workload, context.progress)
    cold = {
        "ours": apart.run(calling.first_of_pretzel, workload, plans, progress=context.progress),
        "theirs": apart.run(calling.first_of_library, workload, progress=context.progress),
    }
    hot: Mapping[str, Sequence[Hot]] = apart.run(calling.hot, workload, plans, progress=context.progress)
    taken: Mapping[str, Mapping[str, Any]] = {
        "cold": cold,
        "hot": {side: [float(np.mean(model.calls)) for model in hot[side]] for side in SIDES},
        "calls": {side: np.concatenate([model.calls for model in hot[side]]) for side in SIDES},
        PROCESSOR: {side: [model.processor for model in hot[side]] for side in SIDES},
    }
    figures = {over: {side: _quantiles(sides[side]) for side in SIDES} for over, sides in taken.items()}
    curves = {over: {side: curve(taken[over][side]) for side in SIDES} for over in OVER}
    return {"models": len(workload.members), **figures, "curves": curves, "slowest": _slowest(workload, hot)}


def _behind(kind: str, one: Found) -> Iterator[str]:
    for over, words in OVER.items():
        for q in QUANTILES:
            ours, theirs = (one[over][side][q] for side in SIDES)
            if theirs < ours:
                yield f"{kind}, {words}, {q}: {number(ours)} us; scikit-learn takes {number(theirs)} us."


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    return {name: float(np.quantile(values, q)) for name, q in QUANTILES.items()}


def curve(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return points of the cumulative curve: values in ascending order, and the share that is not above each."""
    ordered = np.sort(values)
    chosen = np.unique(np.linspace(0, len(ordered) - 1, min(POINTS, len(ordered))).astype(int))
    return [(float(ordered[i]), (int(i) + 1) / len(ordered)) for i in chosen]


def _slowest(workload: Workload, hot: Mapping[str, Sequence[Hot]]) -> dict[str, Any]:
    """Return the hundredth of the models whose hot processor time is longest: their parts, and the time of both."""
    ordered = np.argsort([model.processor for model in hot["ours"]])[::-1]
    chosen = ordered[: max(1, round(len(ordered) / 100))]
    parts = sorted({" ".join(workload.members[i].parts) for i in chosen})
    return {"parts": parts, **{side: float(np.mean([hot[side][i].processor for i in chosen])) for side in SIDES}}


def _ratio(sides: Mapping[str, Mapping[str, float]], q: str) -> float:
    return sides["theirs"][q] / sides["ours"][q]


def as_markdown(found: Found) -> str:
    """Return a table of both sides and the paper's numbers for each workload, and what is missed."""
    parts = [
        f"One thread, one row per call, in process.  A process for each side loads all models and calls each once; for "
        f"scikit-learn, in groups as its memory allows.  A third one calls each model of both sides in turn, "
        f"{DROPPED + COUNTED} times with different rows; the first {DROPPED} do not count, as in the paper.  Times are "
        "microseconds from rows to the estimator's answer."
    ]
    for kind, one in found["kinds"].items():
        parts += [f"### {kind}, {one['models']} models", _table(kind, one), "\n".join(_said(kind, one))]
    return "\n\n".join(parts)


def _table(kind: str, one: Found) -> str:
    rows = []
    for over, words in OVER.items():
        for q in QUANTILES:
            ours, theirs = (one[over][side][q] for side in SIDES)
            paper = PAPER.get(kind, {}).get(over, {}).get(q, (None, None))
            rows.append((words, q, ours, theirs, f"{number(theirs / ours)}x", *paper, _times(paper)))
    heads = ("", "", "Pretzel, us", "scikit-learn, us", "", "PRETZEL in the paper, us", "ML.Net in the paper, us", "")
    return table(heads, rows)


def _times(paper: Paper) -> str | None:
    ours, theirs = paper
    return f"{number(theirs / ours)}x" if ours and theirs else None


def _said(kind: str, one: Found) -> Iterator[str]:
    hot, processor, slowest = one["hot"], one[PROCESSOR], one["slowest"]
    yield (
        f"- In processor time, the hot P99 is {number(processor['ours']['P99'])} us, that of scikit-learn "
        f"{number(processor['theirs']['P99'])} us ({number(_ratio(processor, 'P99'))}x)."
    )
    yield (
        f"- The hundredth of the models with the longest processor time, of {', '.join(slowest['parts'])}, takes "
        f"{number(slowest['ours'])} us; scikit-learn takes {number(slowest['theirs'])} us for the same models."
    )
    cold, calls = one["cold"]["ours"], one["calls"]["ours"]
    yield (
        f"- A first call takes {number(cold['P50'] / calls['P50'])} times a hot one (P50): it builds the "
        "program, which later calls run."
    )
    if kind == "SA" and (ratio := _ratio(hot, "P99")) < WANTED:
        waits = hot["ours"]["P99"] > 2 * processor["ours"]["P99"]
        cause = (
            f"of the {number(hot['ours']['P99'])} us, {number(processor['ours']['P99'])} are processor time; for the "
            "rest, other programs of the machine had the core"
            if waits
            else f"the P99 is that of the models with {', '.join(slowest['parts'])}, where Pretzel gains less"
        )
        yield f"- **Missed**: asked for {number(WANTED)}x at the hot P99, measured {number(ratio)}x: {cause}."


def draw(found: Found, figure: Any) -> None:
    """Draw the cumulative curves of cold and hot calls."""
    kinds = found["kinds"]
    for axis, (kind, one) in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds.items(), strict=True):
        for over, style in (("hot", "-"), ("cold", ":")):
            for side, colour in zip(SIDES, (plots.OURS, plots.THEIRS), strict=True):
                values, shares = zip(*one["curves"][over][side], strict=True)
                axis.plot(values, shares, style, color=colour, label=f"{NAMES[side]}, {over}")
        axis.set(title=kind, xscale="log", xlabel="us", ylabel="share of models", ylim=(0, 1))
    axis.legend(frameon=False)


EXPERIMENT = Experiment("latency", "Latency of one row in process, cold and hot", measure, as_markdown, draw)
