"""Compare two result files: the headline numbers of each experiment in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.paper.markdown import table as markdown
from benchmarks.paper.results import Results

ABOUT = ("machine", "processor", "cores", "python", "commit")


def table(first: Results, second: Results, names: tuple[str, str]) -> str:
    """Return the circumstances of both, and a table for each experiment that one of them measured."""
    parts = [markdown(("", *names), _circumstances(first, second))]
    if differing := [name for name in first.workloads if _fingerprint(first, name) != _fingerprint(second, name)]:
        parts.append(f"The workloads differ: {', '.join(differing)}.")
    for experiment in dict.fromkeys((*first.experiments, *second.experiments)):
        ours, theirs = _headline(first, experiment), _headline(second, experiment)
        if ours or theirs:
            rows = [_row(name, ours.get(name), theirs.get(name)) for name in dict.fromkeys((*ours, *theirs))]
            parts += [f"## {experiment}", markdown(("", *names, "second / first"), rows)]
    return "\n\n".join(parts)


def _circumstances(first: Results, second: Results) -> list[tuple[str, str, str]]:
    rows = [("size", first.size, second.size)]
    rows += [(key, *(str(side.circumstances.get(key, "-")) for side in (first, second))) for key in ABOUT]
    versions = [side.circumstances.get("libraries", {}) for side in (first, second)]
    for library in dict.fromkeys((*versions[0], *versions[1])):
        pair = [str(side.get(library, "-")) for side in versions]
        if pair[0] != pair[1]:
            rows.append((library, *pair))
    return rows


def _fingerprint(side: Results, workload: str) -> Any:
    return side.workloads.get(workload, {}).get("fingerprint")


def _headline(side: Results, experiment: str) -> Mapping[str, float]:
    outcome = side.measured(experiment)
    return outcome["found"].get("headline", {}) if outcome else {}


def _row(name: str, first: float | None, second: float | None) -> tuple[object, ...]:
    ratio = None if first is None or second is None or not first else float(second) / float(first)
    return name, *(None if value is None else float(value) for value in (first, second)), ratio
