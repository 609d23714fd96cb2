"""Rollouts of a slow version, and while serving processes are killed, with real servers under load."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

import pretzel
from tests.e2e.test_rollouts import decisions, load, until
from tests.e2e.up import Up, descendants, started

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(500, 8))
LEARNED = RANDOM.normal(size=(20_000, 8))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Return a system with two worker processes, and two versions of two models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRETZEL_REPORT_SECONDS", "0.1")
        patch.setenv("PRETZEL_ROLLOUT_SECONDS", "0.05")
        with started(tmp_path_factory.mktemp("failing"), "--workers=2", "--console=off") as running:
            with running.plane() as plane:
                weights = np.arange(8.0)
                fast = [LinearRegression().fit(ROWS, ROWS @ weights + bias) for bias in (0.0, 1.0)]
                slow = KNeighborsRegressor(algorithm="brute").fit(LEARNED, LEARNED @ weights)
                for name, models in {"slow": (fast[0], slow), "killed": fast}.items():
                    plane.deploy(name, models[0], sample=ROWS[:5])
                    plane.deploy(name, models[1], sample=ROWS[:5], alias="")
            yield running


def test_a_slow_version_rolls_back(up: Up):
    """Its calls take a hundred times as long; one caller, so that no call waits for another one."""
    errors: list[Exception] = []
    rules = pretzel.Rules(calls=10, latency=2)
    with up.plane() as plane, load(up, "slow", ROWS, errors, callers=1):
        plane.rollout("slow", 2, steps=(20, 100), every=3600, rules=rules)
        done = until(plane, "slow", lambda rollout: not rollout.lasts)
        model = plane.model("slow")
    last = done.decisions[-1]
    assert (done.status, decisions(done), errors) == ("rolled back", ["start", "roll back"], []), done
    assert last.reason.startswith("version 2: p99 ") and last.reason.endswith("of version 1 (latency)")
    assert last.version.p99 > max(2 * last.stable.p99, last.stable.p99 + rules.slack) and not last.version.errors
    assert (model.aliases["stable"], model.traffic) == (1, {})


def test_a_killed_serving_process_neither_stops_nor_doubles_a_rollout(up: Up):
    errors: list[Exception] = []
    rules = pretzel.Rules(calls=20, latency=0)
    with up.plane() as plane, load(up, "killed", ROWS[:1], errors):
        plane.rollout("killed", 2, steps=(20, 50, 100), every=0.5, rules=rules)
        before = serving(up)
        os.kill(min(before), signal.SIGKILL)
        done = until(plane, "killed", lambda rollout: not rollout.lasts)
        until(plane, "killed", lambda _: len(serving(up)) == 2 and min(before) not in serving(up))
        assert plane.model("killed").aliases["stable"] == 2
    assert len(before) == 2
    assert (done.status, decisions(done)) == ("promoted", ["start", "advance", "promote"]), done
    assert [one.step for one in done.decisions] == [0, 0, 1]
    assert all(one.version.calls >= rules.calls and not one.version.errors for one in done.decisions[1:])
    assert errors == []  # clients send a call again to the other process


def serving(up: Up) -> list[int]:
    return [pid for pid, command in descendants(up.process.pid).items() if "data_plane.serve" in command]
