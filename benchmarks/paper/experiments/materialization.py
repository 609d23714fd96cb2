"""Results kept for calls that come again: features of texts for sibling models, and whole answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.paper import plots
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments import apart, reusing
from benchmarks.paper.experiments.latency import curve
from benchmarks.paper.experiments.plans import plans_of
from benchmarks.paper.markdown import number, table

CASES = {"same": "one text to all models", "own": "a text of its own to each model"}
PAPER = (("SA", "2.0x", "150, then 69 us", "80 %", "none"), ("AC", "1x", "-", "-", "-"))


def measure(context: Context) -> Found:
    """Count the shared stages; keep features where there are some, and whole answers of all models."""
    found: Found = {"stages": {}, "answers": {}, "features": {}}
    for kind, workload in context.workloads.items():
        plans, rounds = plans_of(workload, context.progress), context.size.rounds
        found["stages"][kind] = stages = reusing.shared_stages(plans, workload)
        found["answers"][kind] = apart.run(reusing.answers, workload, plans, rounds, progress=context.progress)
        if kind == "SA" and stages["shared"]:
            sides = apart.run(reusing.features, workload, plans, rounds, progress=context.progress)
            found["features"] = {case: _figures(one) for case, one in sides.items()}
    headline = {f"SA, {CASES[case]}, mean gain, times": one["mean"] for case, one in found["features"].items()}
    headline |= {f"SA, {CASES[case]}, rate of hits": one["hit_rate"] for case, one in found["features"].items()}
    return found | {"headline": headline}


def _figures(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gain over the models, as the paper has it, and the curves."""
    whole, kept = np.asarray(one["whole"]), np.asarray(one["kept"])
    gains = whole / kept
    return {
        "hit_rate": one["hit_rate"],
        "documents": one["documents"],
        "mean": float(gains.mean()),
        "twice": float((gains > 2).mean()),
        "slower": float((gains < 1).mean()),
        "whole_us": float(np.median(whole)),
        "kept_us": float(np.median(kept)),
        "curves": {"whole": curve(whole.tolist()), "kept": curve(kept.tolist())},
    }


def as_markdown(found: Found) -> str:
    """Return what is shared, what keeping it brings, and the paper's numbers."""
    shared = [(kind, one["all"], one["distinct"], one["shared"]) for kind, one in found["stages"].items()]
    parts = [table(("workload", "stages of all plans", "distinct", "in several plans"), shared)]
    if found["features"]:
        parts += ["### Features of texts", _features(found["features"]), _why(found["features"])]
    heads = ("", "mean gain", "P50 of a model", "more than twice as fast", "slower")
    parts += [f"The paper, which states no rate of hits:\n\n{table(heads, PAPER)}"]
    parts += ["### Whole answers", _answers(found["answers"]), *_of_answers(found)]
    return "\n\n".join(parts)


def _features(found: Found) -> str:
    heads = ("SA", "hits", "mean gain", "whole call, P50, us", "head over kept features, P50, us", "twice", "slower")
    rows = [
        (
            *(CASES[case], f"{one['hit_rate']:.0%}", f"{number(one['mean'])}x", one["whole_us"], one["kept_us"]),
            *(f"{one['twice']:.0%}", f"{one['slower']:.0%}"),
        )
        for case, one in found.items()
    ]
    return table(heads, rows)


def _why(found: Found) -> str:
    same, own = found["same"], found["own"]
    verb = "faster" if same["kept_us"] < same["whole_us"] else "slower"
    return (
        "Pretzel does not keep results of stages ([0028](../adr/0028-kept-answers.md)).  This experiment does, with "
        "programs of its own: one for the featurizers of siblings, whose results go into a dictionary by text, and one "
        f"for each head.  Times include misses.  A model takes {number(same['whole_us'])} us for a whole call and "
        f"{number(same['kept_us'])} us with kept features if all siblings get one text, which is {verb}; PRETZEL's "
        "took 150 and 69 us.  A hit saves the featurizers, and costs a look-up and a second program's call; a miss "
        f"costs two calls ({number(own['whole_us'])} and {number(own['kept_us'])} us where nothing is found).  "
        "`PredictMany` runs the featurizers once for all siblings, without a look-up and without memory for results: "
        "see [fan-out](#fan-out)."
    )


def _answers(found: Found) -> str:
    heads = ("", "hits, one row to all models", "hits, the same row again", "computed, P50, us", "look-up, P50, us")
    rows = [
        (
            *(kind, f"{one['same_row_hit_rate']:.0%}", f"{one['again_hit_rate']:.0%}"),
            *(one["computed_us"], one["looked_up_us"] or None),
        )
        for kind, one in found.items()
    ]
    return table(heads, rows)


def _of_answers(found: Found) -> Iterator[str]:
    yield (
        "A worker keeps whole answers of models that `result_cache` names, by model and request, if they took more "
        "than 5 us.  So a row that all siblings get finds nothing, and only the same request to the same model does."
    )
    for kind, one in found["stages"].items():
        if kind != "SA":
            yield (
                f"Of the {one['distinct']:,} distinct stages of {kind}, {one['shared']:,} belong to several models; "
                "the paper gained nothing there, and features are not kept for them here."
            )


def draw(found: Found, figure: Any) -> None:
    """Draw the cumulative curves of whole calls and of heads over kept features."""
    cases = found["features"]
    for axis, (case, one) in zip(figure.subplots(1, len(cases), squeeze=False)[0], cases.items(), strict=True):
        for side, words, colour in (
            ("kept", "features kept", plots.OURS),
            ("whole", "whole calls", plots.THEIRS),
        ):
            values, shares = zip(*one["curves"][side], strict=True)
            axis.plot(values, shares, color=colour, label=words)
        axis.set(title=f"SA, {CASES[case]}", xscale="log", xlabel="us", ylabel="share of models", ylim=(0, 1))
    axis.legend(frameon=False)


EXPERIMENT = Experiment(
    "materialization", "Results that are kept for calls that come again", measure, as_markdown, draw
)
