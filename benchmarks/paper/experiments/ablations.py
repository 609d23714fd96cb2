"""Rules and mechanisms left out one by one, over members of both workloads and one-hot columns; layers of the gain."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from benchmarks.paper import plots
from benchmarks.paper.ablations import Ablation, Setting, ablate, settings_of
from benchmarks.paper.ablations import table as ablation_table
from benchmarks.paper.ablations.in_process import LOADS, Side
from benchmarks.paper.ablations.in_worker import SWITCHES
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments.members import Kept, spread
from benchmarks.paper.markdown import number, table
from pretzel.compiler.optimize import OPTIMIZER
from pretzel.engine.mechanisms import MECHANISMS

MEMBERS, ROWS = 10, 50
OF_TEN = [OPTIMIZER]
"""The switches of a size that shows the shape alone; it leaves out the settings of a worker."""
LAYERS: Mapping[str, tuple[str, ...]] = {
    "kernels alone": (OPTIMIZER, *MECHANISMS),
    "and mechanisms": (OPTIMIZER,),
    "and rules": (),
}
"""The switches left out of each layer; the next one adds to it."""
LIBRARY = "scikit-learn"
ONE, MANY, CALLS = 1, 1000, 50
ONE_HOT = "one-hot"
COLUMNS, CATEGORIES = 8, 12


def measure(context: Context) -> Found:
    """Leave out each switch in process, each setting of a worker, and measure the layers."""
    small = context.size.name == "ten"
    found: Found = {"kinds": {}, "settings": {}, "layers": {}}
    for kind, workload in context.workloads.items():
        models = spread(workload, context.size, MEMBERS)
        rows = workload.rows[:ROWS]
        given = {model.name: model.definition for model in models}
        found["kinds"][kind] = _ablated(context, kind, given, {name: rows for name in given}, small)
        context.progress(f"{kind}, layers")
        found["layers"][kind] = _layers(models[0].estimator, workload.rows, context.size.rounds)
        found["settings"][kind] = _settings(context, kind, models)
    pipeline, rows = one_hot()
    found["kinds"][ONE_HOT] = _ablated(context, ONE_HOT, {ONE_HOT: pipeline}, {ONE_HOT: rows[:ROWS]}, small)
    found["layers"][ONE_HOT] = _layers(pipeline, rows, context.size.rounds)
    return found | {"headline": _headline(found)}


def one_hot() -> tuple[Any, np.ndarray]:
    """Return a pipeline of dense one-hot columns, a scaler and a logistic regression."""
    random = np.random.default_rng(0)
    rows = random.integers(0, CATEGORIES, (4000, COLUMNS)).astype(float)
    target = (rows[:, 0] + rows[:, 1] + random.normal(size=len(rows)) * 3 > CATEGORIES).astype(int)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(encoder, StandardScaler(), LogisticRegression(max_iter=300)).fit(rows, target), rows


def _ablated(
    context: Context, kind: str, given: Mapping[str, Any], rows: Mapping[str, Any], small: bool
) -> list[dict[str, Any]]:
    found = ablate(
        given,
        rows,
        OF_TEN if small else (),
        rounds=context.size.rounds,
        loads=LOADS if context.size.name == "full" else 1,
        progress=lambda switch: context.progress(f"{kind}, without {switch}"),
    )
    return [asdict(item) for item in found]


def _settings(context: Context, kind: str, models: Sequence[Kept]) -> list[dict[str, Any]]:
    """Measure each setting of a worker."""
    names = {} if context.size.name == "ten" else SWITCHES
    found = []
    for name, options in names.items():
        context.progress(f"{kind}, a worker and {name}")
        seconds = 1.0 if context.size.name == "full" else 0.2
        found += settings_of(models, {name: options}, seconds=seconds, rounds=context.size.rounds)
    return [asdict(item) for item in found]


def _layers(estimator: Any, rows: Any, rounds: int) -> dict[str, dict[str, float]]:
    """Return the microseconds per row of scikit-learn and of each layer, at one row and at many: of the best round."""
    sides: dict[str, Callable[[Any], Any]] = {LIBRARY: estimator.predict}
    for layer, without in LAYERS.items():
        sides[layer] = pretzel.compile(estimator, outputs=["predict"], threads=1, without=without).predict
    many = [rows[i % len(rows)] for i in range(MANY)]
    given = many if isinstance(rows[0], str) else np.asarray(many)
    taken: dict[str, dict[str, list[float]]] = {side: {"one": [], "many": []} for side in sides}
    for side in sides.values():
        side(given[:ONE]), side(given)
    for _ in range(rounds):
        for name, side in sides.items():
            taken[name]["one"].append(_microseconds(side, given[:ONE], CALLS))
            taken[name]["many"].append(_microseconds(side, given, 1) / MANY)
    return {name: {key: min(values) for key, values in its.items()} for name, its in taken.items()}


def _microseconds(call: Callable[[Any], Any], rows: Any, count: int) -> float:
    begun = time.thread_time()
    for _ in range(count):
        call(rows)
    return 1e6 * (time.thread_time() - begun) / count


def _headline(found: Found) -> dict[str, float]:
    numbers = {}
    for kind, layers in found["layers"].items():
        for key, words in (("one", "one row"), ("many", f"{MANY} rows")):
            steps = [layers[side][key] for side in (LIBRARY, *LAYERS)]
            names = ("kernels", "mechanisms", "rules")
            for name, before, after in zip(names, steps[:-1], steps[1:], strict=True):
                numbers[f"{kind}, {words}, gain of {name}"] = before / after
    return numbers


def as_markdown(found: Found) -> str:
    """Return the layers and their reasons, then the tables of the switches and of the settings."""
    parts = [_layer_table(found), *_reasons(found)]
    for kind, items in found["kinds"].items():
        parts += [f"### {kind}, switches in process", ablation_table([_ablation(item) for item in items])]
    for kind, items in found["settings"].items():
        if items:
            parts += [f"### {kind}, settings of a worker", _setting_table([Setting(**item) for item in items])]
    return "\n\n".join(parts)


def _ablation(item: Mapping[str, Any]) -> Ablation:
    """Return an ablation as it was before it was stored."""
    sides = {key: Side(**item[key]) if item[key] else None for key in ("on", "off")}
    return Ablation(**(dict(item) | sides))


def _layer_table(found: Found) -> str:
    heads = ("processor time, us per row", "rows per call", LIBRARY, *LAYERS, "kernels", "mechanisms", "rules")
    rows = []
    for kind, layers in found["layers"].items():
        for key, count in (("one", ONE), ("many", MANY)):
            steps = [layers[side][key] for side in (LIBRARY, *LAYERS)]
            gains = [f"{number(a / b)}x" for a, b in zip(steps[:-1], steps[1:], strict=True)]
            rows.append((kind, count, *steps, *gains))
    return f"Each layer adds to the one before; the last columns are the gain of each step.\n\n{table(heads, rows)}"


def _reasons(found: Found) -> list[str]:
    gains = {key.removesuffix(", gain of rules"): value for key, value in found["headline"].items() if "rules" in key}
    said = ", ".join(f"{number(value)} on {name}" for name, value in gains.items())
    kernels = ", ".join(
        f"{number(v)} on {k.split(', gain')[0]}" for k, v in found["headline"].items() if "kernels" in k
    )
    return [
        f"The rules are worth {said}.  On texts they have little to remove.  PRETZEL's push of a product through the "
        "concatenation saves a third of ML.Net's time, because ML.Net copies wide vectors there; ours, without any "
        "rule, are sparse rows of some dozen numbers that stay in a buffer of eight rows.  The time is that of reading "
        "characters, of look-ups and of sorting ids ([0013](../adr/0013-texts-are-scored-in-one-pass.md)), with the "
        "rules and without.  On one-hot columns the rules remove whole stages: the scaling goes into the weights, and "
        "one-hot rows and their product become one look-up per column.",
        f"The kernels are worth {kernels} against scikit-learn.  They and the mechanisms took over from PRETZEL's "
        "optimizer: stages formed from neighbouring operators (`chain_fusion`), memory from a pool (`frame_pool`), and "
        "code that is compiled ahead of time.  PRETZEL's paper leaves none of its rules out, so their part of its gain "
        "is not known; it reports 47 % more hot latency without pooled vectors, and 1.6 (SA) and 4.2 (AC) times the "
        "cold latency without compilation ahead of time.",
    ]


def _setting_table(items: Sequence[Setting]) -> str:
    heads = ("setting", "calls/s without", "calls/s with", "P50 without, ms", "P50 with, ms", "MB without", "MB with")
    rows = [
        (
            *(item.switch, item.off_calls_per_second, item.on_calls_per_second, item.off_p50_ms, item.on_p50_ms),
            *(item.off_memory_mb, item.on_memory_mb),
        )
        for item in items
    ]
    return "\n".join([table(heads, rows), "", *(f"- {item.statement}" for item in items)])


def draw(found: Found, figure: Any) -> None:
    """Draw the gain of each layer at one row and at many."""
    axes = figure.subplots(1, 2, sharey=True)
    kinds = list(found["layers"])
    for axis, words in zip(axes, ("one row", f"{MANY} rows"), strict=True):
        for i, name in enumerate(("kernels", "mechanisms", "rules")):
            places = [place + 0.27 * (i - 1) for place in range(len(kinds))]
            heights = [found["headline"][f"{kind}, {words}, gain of {name}"] for kind in kinds]
            axis.bar(places, heights, 0.25, color=plots.COLOURS[i], label=name)
        axis.set(yscale="log", title=words, ylabel="times faster")
        axis.set_xticks(range(len(kinds)), kinds)
        axis.axhline(1, color="black", linewidth=0.8)
    axes[0].legend(frameon=False)


EXPERIMENT = Experiment("ablations", "Rules, mechanisms and settings left out", measure, as_markdown, draw)
