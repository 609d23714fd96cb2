"""The page of a run: circumstances, workloads, targets, where Pretzel is behind, and a section for each experiment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.paper import plots, targets
from benchmarks.paper.experiment import Experiment, Found
from benchmarks.paper.markdown import table
from benchmarks.paper.progress import clock
from benchmarks.paper.results import Results

ABOUT = """\
PRETZEL (Lee et al., OSDI 2018) served 500 production pipelines as white boxes: 250 of sentiment (SA) and 250 of
attendee counts (AC).  Its code and its models were not published.  This page reruns its evaluation with pipelines of
scikit-learn and LightGBM that anyone can generate, and adds the baselines of today.  The paper's numbers were measured
in 2018 on two processors of 8 cores at 2.1 GHz; they are printed next to ours for their shape, and ratios compare
better than times."""
OLD = (LookupError, TypeError, ValueError)
"""Errors of a table or a plot over a result of another form."""
SIZES = {
    "small": "This run has the size `small`, with 50 pipelines of each workload: some gains grow with their number.",
    "ten": "This run has the size `ten`: it shows the shape of the page, and its numbers mean nothing.",
}


def write(kept: Results, experiments: Sequence[Experiment], path: Path) -> None:
    """Write the page, and the plots next to it as ``<page>-<experiment>.svg``."""
    drawn = set()
    for item in experiments:
        if (outcome := kept.measured(item.name)) is not None:
            with suppress(*OLD):
                if plots.write(item, outcome["found"], path.with_name(f"{path.stem}-{item.name}.svg")):
                    drawn.add(item.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(page(kept, experiments, path, drawn))
    os.replace(temporary, path)


def page(kept: Results, experiments: Sequence[Experiment], path: Path, drawn: set[str]) -> str:
    """Return the page."""
    parts = ["# The paper's evaluation", ABOUT, *([SIZES[kept.size]] if kept.size in SIZES else []), _how(kept, path)]
    parts += ["## Circumstances", _circumstances(kept.circumstances, kept.experiments)]
    parts += ["## Workloads", _workloads(kept)]
    parts += ["## Targets", targets.summary(kept.experiments)]
    parts += ["## Where Pretzel is behind", _behind(kept.experiments)]
    if sentences := targets.extrapolated(kept.experiments):
        parts += ["## Extrapolated", _listed(sentences)]
    if lines := _missing(kept, experiments):
        parts += ["## Not measured", _listed(lines)]
    for item in experiments:
        if (outcome := kept.measured(item.name)) is not None:
            parts += _section(item, outcome, kept, path, drawn)
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _how(kept: Results, path: Path) -> str:
    place = os.path.relpath(kept.path, path.parent)
    size = "" if kept.size == "full" else f" with `--{kept.size}`"
    return (
        f"Written by `python -m benchmarks.paper`{size}; `make bench-paper` runs it.  All numbers, unrounded, are in "
        f"[{Path(place).name}]({place}); `python -m benchmarks.paper compare A.json B.json` "
        "compares those of two machines."
    )


def _circumstances(found: Mapping[str, Any], experiments: Mapping[str, Mapping[str, Any]]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in found["libraries"].items())
    commits = sorted({str(outcome["commit"]) for outcome in experiments.values()})
    rows = [
        ("processor", f"{found['processor']} ({found['machine']})"),
        ("cores", found["cores"]),
        ("Python", found["python"]),
        ("libraries", libraries),
        ("commit", ", ".join(commits) or found["commit"]),
        ("time of all experiments", f"{clock(sum(outcome['seconds'] for outcome in experiments.values()))} minutes"),
    ]
    return table(("", ""), rows)


def _workloads(kept: Results) -> str:
    heads = ("workload", "pipelines", "pickles together, MB", "mean, MB", "rows asked", "fingerprint")
    rows = []
    for name, item in kept.workloads.items():
        size = item["pickled_bytes"] / 1e6
        cells = (item["members"], size, size / max(1, item["members"]), item["rows"], f"`{item['fingerprint']}`")
        rows.append((name, *cells))
    about = [f"{name}: {item['about']}" for name, item in kept.workloads.items()]
    return f"{table(heads, rows)}\n\nTexts: {kept.corpus}.\n\n{_listed(about)}"


def _behind(experiments: Mapping[str, Mapping[str, Any]]) -> str:
    sentences = [f"**Missed.** {text}" for text in targets.missed(experiments)] + targets.behind(experiments)
    if sentences:
        return _listed(sentences)
    return "No target that was measured is missed, and no experiment found a system ahead of Pretzel."


def _missing(kept: Results, experiments: Sequence[Experiment]) -> list[str]:
    lines = []
    for item in experiments:
        outcome = kept.experiments.get(item.name)
        if outcome is None:
            lines.append(f"{item.title}: not run.")
        elif "found" not in outcome:
            word = "skipped" if "skipped" in outcome else "failed"
            lines.append(f"{item.title}: {word}: {outcome[word]}")
        else:
            lines += [f"{item.title}: {text}" for text in outcome["found"].get("skipped", ())]
    return lines


def _section(item: Experiment, outcome: Mapping[str, Any], kept: Results, path: Path, drawn: set[str]) -> list[str]:
    """Return the parts of a section; its heading gives the anchor of its name."""
    heading = [f"## {item.name.replace('_', ' ').capitalize()}", f"{item.title}."]
    if item.name in drawn:
        heading.append(f"![{item.title}]({path.stem}-{item.name}.svg)")
    when = f"Measured in {clock(outcome['seconds'])} minutes"
    if outcome["commit"] != kept.circumstances["commit"]:
        when += f" at another commit than the rest, `{outcome['commit']}`"
    return [*heading, _table(item, outcome["found"]), f"{when}."]


def _table(item: Experiment, found: Found) -> str:
    try:
        return item.table(found)
    except OLD:
        return f"Its result has the form of an earlier commit: `python -m benchmarks.paper --again --only {item.name}`."


def _listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
