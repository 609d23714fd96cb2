"""Bounds of a control plane, from what `python -m benchmarks.scale.plan.saturation --write` measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scale.plan.measured import PAGES, Measured

RESULT = PAGES / "control.json"


@dataclass(frozen=True)
class Saturation:
    """Rates of one control plane."""

    deployments: dict[int, float]
    """Deployments a second by the number of watchers."""
    reports: float
    """Reports of workers a second."""


def read(path: Path = RESULT) -> Saturation:
    """Read the measured rates."""
    found = json.loads(path.read_text())
    return Saturation({int(watchers): rate for watchers, rate in found["deployments"].items()}, found["reports"])


@dataclass(frozen=True)
class Limits:
    """Bounds of a system with one control plane."""

    deployments_an_hour: dict[int, float]
    workers_by_reports: float
    """Workers whose reports fill it, at one report in two seconds."""
    workers_follow: float
    """Deployments a second that one worker follows with one core."""
    first_hours: float
    """Hours to deploy the models of the example, one after another."""


def limits(measured: Measured, saturation: Saturation, models: int, interval: float = 2.0) -> Limits:
    """Return the bounds."""
    return Limits(
        {watchers: rate * 3600 for watchers, rate in saturation.deployments.items()},
        workers_by_reports=saturation.reports * interval,
        workers_follow=1 / measured.follow_seconds,
        first_hours=models * measured.deploy_seconds / 3600,
    )
