"""A canary that goes wrong and rolls back, and one that is promoted."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

import pretzel
from tests.day.load import CanaryCallers
from tests.day.record import Record
from tests.day.system import System
from tests.faults.cluster import until
from tests.faults.load import COLUMNS, Expected, expected

NAME = "canary"
SLOW_ROWS = 100_000
WINDOW_SECONDS = 30.0
"""Seconds of each step of the canary that goes wrong: it must roll back within the first."""
QUICK_SECONDS = 3.0
DONE_SECONDS = 120.0


def roll_out(record: Record, system: System) -> None:
    """Roll a slow version out, which rolls back, and then a good one, which is promoted."""
    asked = expected(1)
    versions = {1: asked, 2: _answering(_slow(), asked), 3: _answering(expected(3).estimator, asked)}
    with system.plane() as plane:
        for number, known in versions.items():
            plane.deploy(NAME, known.estimator, sample=known.rows, alias="stable" if number == 1 else "")
        with CanaryCallers(system.address, NAME, versions) as callers:
            with record.step("a slow canary rolls back") as step:
                done = _rolled(plane, 2, WINDOW_SECONDS)
                step.notes += [f"{callers.answered[2]} answers by it", done.reason]
            if done.status != "rolled back" or done.ended - done.started > WINDOW_SECONDS:
                record.problems.append(f"the slow canary: {done.status} after {done.ended - done.started:.1f} s")
            with record.step("a good canary is promoted") as step:
                done = _rolled(plane, 3, QUICK_SECONDS)
                step.notes.append(", ".join(one.decision for one in done.decisions))
            if done.status != "promoted" or plane.model(NAME).aliases["stable"] != 3:
                record.problems.append(f"the good canary: {done.status}: {done.reason}")
        record.problems += callers.problems


def _rolled(plane: pretzel.ControlPlane, version: int, every: float) -> Any:
    """Start a rollout, and return it when it has ended."""
    plane.rollout(NAME, version, steps=(10, 50, 100), every=every)
    until(lambda: not plane.rollout_status(NAME).lasts, DONE_SECONDS)
    return plane.rollout_status(NAME)


def _answering(estimator: Any, asked: Expected) -> Expected:
    """Return an estimator with its own answers to the rows that are asked."""
    return Expected(estimator, asked.rows, estimator.predict_proba(asked.rows))


def _slow() -> KNeighborsClassifier:
    """Return a model of the same inputs that takes milliseconds a row."""
    random_state = np.random.default_rng(2)
    rows = random_state.normal(size=(SLOW_ROWS, COLUMNS))
    return KNeighborsClassifier(3, algorithm="brute").fit(rows, rows[:, 0] > 0)
