"""Thousands of models: copies of a text pipeline with weights of their own, deployed one by one to a control plane."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

import pretzel
from benchmarks.paper import plots
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.markdown import number, table
from benchmarks.paper.workloads import Workload
from benchmarks.scale.calls import Caller
from benchmarks.scale.processes import MIB, Up, up
from benchmarks.scale.siblings import Family

LIMIT_SECONDS = {"full": 600.0, "small": 25.0, "ten": 25.0}
TERMS = 4000
"""Words of their dictionary, at most."""
BUDGET = 4096 * MIB
WINDOW = 20
"""Deployments over which a median is taken."""
POINTS = 50
"""Windows of the plot."""
COLD = 1000
"""Models whose first call is timed, at most."""


def measure(context: Context) -> Found:
    """Deploy as many models as asked for, or as fit into the time; then call a part of them for the first time."""
    family, weights = _family(context.workloads["SA"])
    wanted = context.size.many
    wanted = context.size.many
    with tempfile.TemporaryDirectory() as folder, up(Path(folder), BUDGET) as system:
        before = system.pss()
        seconds = _deploy(context, system, family, wanted)
        after = system.pss()
        names = [_name(i) for i in range(0, len(seconds), max(1, len(seconds) // COLD))][:COLD]
        context.progress(f"first calls of {len(names)} models")
        with Caller(system.predictions, family) as caller:
            cold, warm = caller.each(names), caller.each(names[:WINDOW] * 5)
        called = system.pss()
    found: Found = {"wanted": wanted, "models": len(seconds), "weights_bytes": weights, "called": len(names)}
    found |= {"deploy_ms": _windows(seconds), "total_seconds": sum(seconds)}
    found |= {"memory_mb": {"before": before, "deployed": after, "called": called}}
    found |= {"cold_ms": _quantiles(cold), "warm_ms": _quantiles(warm)}
    return found | _concluded(found)


def _family(workload: Workload) -> tuple[Family, int]:
    """Return a pipeline of few terms that imitates a member, and the bytes of its weights.

    The weights of members with their whole dictionaries would fill the disk.
    """
    texts, answers = list(workload.rows), workload.members[0].estimator().predict(list(workload.rows))
    if len(set(answers)) < 2:  # there is nothing to imitate
        answers = np.arange(len(texts)) % 2
    words, characters = TfidfVectorizer(max_features=TERMS), TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 1))
    pipeline = make_pipeline(FeatureUnion([("c", characters), ("w", words)]), LogisticRegression()).fit(texts, answers)
    return Family(pretzel.export(pipeline), str(texts[0])), pipeline[-1].coef_.nbytes


def _name(number: int) -> str:
    return f"model-{number:05d}"


def _deploy(context: Context, system: Up, family: Family, count: int) -> list[float]:
    """Return the seconds of each deployment; fewer than asked for if the time is over."""
    seconds: list[float] = []
    end = time.monotonic() + LIMIT_SECONDS[context.size.name]
    with pretzel.ControlPlane(system.control) as plane:
        while len(seconds) < count and time.monotonic() < end:
            if len(seconds) % 10 == 0:
                context.progress(f"deployed {len(seconds):,} of {count:,}")
            definition = family.sibling(len(seconds))
            begun = time.perf_counter()
            plane.deploy(_name(len(seconds)), definition)
            seconds.append(time.perf_counter() - begun)
    return seconds


def _windows(seconds: Sequence[float]) -> list[tuple[int, float]]:
    """Return the number of models, and the median milliseconds of the deployments before it, at some points."""
    window = max(1, min(WINDOW, len(seconds) // 2))
    ends = sorted({int(end) for end in np.linspace(window, len(seconds), POINTS)})
    return [(end, 1e3 * statistics.median(seconds[end - window : end])) for end in ends]


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    p50, p99, worst = 1e3 * np.quantile(seconds, (0.5, 0.99, 1.0))
    return {"p50": float(p50), "p99": float(p99), "worst": float(worst)}


def _concluded(found: Found) -> Found:
    (_, first), (_, last) = found["deploy_ms"][0], found["deploy_ms"][-1]
    memory, models = found["memory_mb"], found["models"]
    growth = sum(memory["deployed"].values()) - sum(memory["before"].values())
    called = memory["called"].get("serving", 0.0) - memory["deployed"].get("serving", 0.0)
    headline = {
        "models": models,
        "first deployments, ms": first,
        "last deployments, ms": last,
        "memory of all processes for each deployed model, KB": growth * 1024 / models,
        "memory of the serving process for each called model, KB": called * 1024 / max(1, found["called"]),
        "first call P50, ms": found["cold_ms"]["p50"],
        "first call P99, ms": found["cold_ms"]["p99"],
    }
    extrapolated = []
    if models < found["wanted"]:
        minutes = found["wanted"] * last / 1e3 / 60
        extrapolated.append(
            f"Many models: {models:,} of {found['wanted']:,} were deployed; all would take {number(minutes)} minutes "
            f"and {number(growth / models * found['wanted'])} MB more, by the last deployments and the growth so far."
        )
    return {"headline": headline, "extrapolated": extrapolated}


def as_markdown(found: Found) -> str:
    """Return tables of deployments, memory and first calls."""
    points = found["deploy_ms"]
    shown = [points[0], points[len(points) // 2], points[-1]]
    parts = [
        f"{found['models']:,} models through the public API of a control plane, each an SA pipeline over few terms "
        f"with weights of its own ({found['weights_bytes'] / 1024:,.0f} KB).  The paper served 500 at most, and loaded "
        "250 from a folder.",
        table(("models so far", "ms per deployment (median)"), [(int(count), float(ms)) for count, ms in shown]),
    ]
    memory = found["memory_mb"]
    roles = sorted({role for side in memory.values() for role in side})
    heads = ("process", "before, MB", "all deployed, MB", f"{found['called']:,} called, MB")
    rows: list[tuple[object, ...]] = [(role, *(side.get(role, 0.0) for side in memory.values())) for role in roles]
    rows.append(("all", *(float(sum(side.values())) for side in memory.values())))
    parts.append(table(heads, rows))
    calls = [(name, *(found[key].values())) for name, key in (("first", "cold_ms"), ("later", "warm_ms"))]
    parts.append(table(("call over gRPC", "P50, ms", "P99, ms", "worst, ms"), calls))
    return "\n\n".join([*parts, *found["extrapolated"]])


def draw(found: Found, figure: Any) -> None:
    """Draw the time of a deployment by the number of models."""
    axis = figure.subplots()
    counts, ms = zip(*found["deploy_ms"], strict=True)
    axis.plot(counts, ms, color=plots.OURS)
    axis.set(xlabel="models", ylabel="ms per deployment")
    axis.set_ylim(bottom=0)


EXPERIMENT = Experiment("many", "Many models behind one control plane", measure, as_markdown, draw)
