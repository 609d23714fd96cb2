"""The targets of the evaluation: the number asked for, and the one that an experiment measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.paper.markdown import number, table


@dataclass(frozen=True)
class Target:
    """One number to reach."""

    experiment: str
    name: str
    """The key in ``Found["targets"]``."""
    rival: str
    """The system that Pretzel is compared with; empty if none."""
    wanted: float
    unit: str = "times"
    at_most: bool = False
    """The number must not exceed ``wanted``; otherwise it must reach it."""

    @property
    def asked(self) -> str:
        """Return the target in words."""
        return f"at {'most' if self.at_most else 'least'} {number(self.wanted)} {self.unit}"

    def measured(self, experiments: Mapping[str, Mapping[str, Any]]) -> float | None:
        """Return the number that a run measured; None if it did not."""
        found = experiments.get(self.experiment, {}).get("found") or {}
        value = found.get("targets", {}).get(self.name)
        return None if value is None else float(value)

    def is_reached(self, measured: float) -> bool:
        """Return whether a number is good enough."""
        return measured <= self.wanted if self.at_most else measured >= self.wanted


ONE_PROCESS = "scikit-learn in one process"
NETWORK = "the best network baseline"
TARGETS: Sequence[Target] = (
    Target("memory", "SA memory", ONE_PROCESS, 20.0, "times less"),
    Target("memory", "SA load seconds", "", 1.0, "seconds for all", at_most=True),
    Target("latency", "SA hot P99", ONE_PROCESS, 50.0, "times lower"),
    Target("throughput", "SA throughput", ONE_PROCESS, 15.0, "times more"),
    Target("equality", "answers that differ", "the library", 0.0, "answers", at_most=True),
    Target("onnx", "AC latency", "ONNX Runtime", 1.0, "times lower"),
    *(Target("end_to_end", f"{kind} calls per processor second", NETWORK, 5.0) for kind in ("SA", "AC")),
    *(Target("end_to_end", f"{kind} P99 at equal load", NETWORK, 1.0, "times lower") for kind in ("SA", "AC")),
)


def summary(experiments: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of all targets: asked, measured, reached or missed."""
    rows = []
    for target in TARGETS:
        value = target.measured(experiments)
        verdict = "not measured" if value is None else "reached" if target.is_reached(value) else "**missed**"
        rows.append((target.name, target.rival or "-", target.asked, value, verdict))
    return table(("target", "against", "asked", "measured", ""), rows)


def missed(experiments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each target that is missed."""
    return [
        f"{target.name}{f', against {target.rival}' if target.rival else ''}: asked for {target.asked}, "
        f"measured {number(value)} ([{target.experiment}](#{target.experiment.replace('_', '-')}))."
        for target in TARGETS
        if (value := target.measured(experiments)) is not None and not target.is_reached(value)
    ]


def listed(key: str) -> Callable[[Mapping[str, Mapping[str, Any]]], list[str]]:
    """Return a function that collects the sentences that experiments keep under a key."""

    def collected(experiments: Mapping[str, Mapping[str, Any]]) -> list[str]:
        outcomes = experiments.values()
        return [str(text) for outcome in outcomes for text in (outcome.get("found") or {}).get(key, ())]

    return collected


behind, extrapolated = listed("behind"), listed("extrapolated")
