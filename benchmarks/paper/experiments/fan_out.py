"""One text to all sibling models: as one program, as calls of each, and by scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.paper import plots
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments import apart
from benchmarks.paper.experiments.asking_all import ALL, BY_HAND, OURS, SINGLE, THEIRS, ask
from benchmarks.paper.experiments.plans import plans_of
from benchmarks.paper.markdown import number, table

WAYS = (OURS, SINGLE, BY_HAND, THEIRS)


def measure(context: Context) -> Found:
    """Ask the models of SA: growing parts of the largest family, and all models."""
    workload = context.workloads["SA"]
    plans = plans_of(workload, context.progress)
    found: Found = apart.run(ask, workload, plans, context.size.rounds, progress=context.progress)
    line = found["siblings"][-1]
    siblings, models = (
        f"SA, one text to {line['models']} siblings",
        f"SA, one text to all {found[ALL]['models']} models",
    )
    headline = {f"{siblings}, {way}, us": line[way] for way in WAYS}
    headline |= {f"{models}, {way}, us": found[ALL][way] for way in WAYS}
    return found | {"headline": headline, "behind": list(_behind(found))}


def _behind(found: Found) -> Iterator[str]:
    for line in (*found["siblings"], found[ALL]):
        for way in (SINGLE, BY_HAND, THEIRS):
            if line[way] < line[OURS]:
                whose = "Pretzel's own calls" if way == SINGLE else f"scikit-learn, {way}," if way == BY_HAND else way
                yield (
                    f"Fan-out of one text to {line['models']} models takes {number(line[OURS])} us; {whose} "
                    f"take {number(line[way])} us."
                )


def as_markdown(found: Found) -> str:
    """Return the table by the number of models, and what the ways differ in."""
    rows = [
        *((f"{line['models']:,}", *_cells(line)) for line in found["siblings"]),
        (f"{found[ALL]['models']:,}, of {found['families']} families", *_cells(found[ALL])),
    ]
    heads = ("models", *(f"{way}, us" for way in WAYS), *(f"against {way}" for way in WAYS[1:]))
    last = found["siblings"][-1]
    return "\n\n".join(
        [
            "One text to models that share their featurizers, and at last to all.  *Fanned out*: the models are one "
            "program, as `PredictMany` makes it: equal stages run once, and their heads are multiplied together.  "
            "*By hand*: scikit-learn transforms the text once, and calls the head of each model.  Microseconds of one "
            "thread for the answers of all models.",
            table(heads, rows),
            f"A further sibling costs {number(_slope(found, OURS))} us fanned out, and "
            f"{number(_slope(found, SINGLE))} us in a call of its own; at {last['models']} siblings the fan-out is "
            f"{number(last[SINGLE] / last[OURS])} times faster.  The paper has no call of this kind: its siblings "
            "get a text one after another, and gain 2.0x from kept results ([materialization](#materialization)).",
            *found["behind"],
        ]
    )


def _cells(line: Found) -> list[object]:
    return [*(line[way] for way in WAYS), *(f"{number(line[way] / line[OURS])}x" for way in WAYS[1:])]


def _slope(found: Found, way: str) -> float:
    """Return the microseconds of a further sibling."""
    first, last = found["siblings"][0], found["siblings"][-1]
    return float((last[way] - first[way]) / max(1, last["models"] - first["models"]))


def draw(found: Found, figure: Any) -> None:
    """Draw the time of a text by the number of siblings."""
    axis = figure.subplots()
    counts = [line["models"] for line in found["siblings"]]
    for way, colour in zip(WAYS, plots.COLOURS, strict=False):
        axis.plot(counts, [line[way] for line in found["siblings"]], marker="o", markersize=3, color=colour, label=way)
    axis.set(xscale="log", yscale="log", xlabel="siblings", ylabel="us for the answers of all")
    axis.legend(frameon=False)


EXPERIMENT = Experiment("fan_out", "One text to all sibling models", measure, as_markdown, draw)
