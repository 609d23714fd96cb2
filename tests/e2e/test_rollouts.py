"""Rollouts by the clients and the command, with real servers under load."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import pretzel
from pretzel.cli import main
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.rollout import Rollout
from tests.e2e.up import Up, started

X = np.random.default_rng(0).normal(size=(20, 3))
LETTERS = np.array([["a"], ["b"], ["c"]], dtype=object)
RULES = pretzel.Rules(calls=20, latency=0)
"""Without durations: other programs use the same processors."""
PATIENCE = 60.0


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Return a system with two worker processes, and two versions of three models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRETZEL_REPORT_SECONDS", "0.1")
        patch.setenv("PRETZEL_ROLLOUT_SECONDS", "0.05")
        with started(tmp_path_factory.mktemp("rollouts"), "--workers=2", "--console=off") as running:
            with running.plane() as plane:
                for bias in (0.0, 1.0):
                    model = LinearRegression().fit(X, X @ [1.0, 2.0, 3.0] + bias)
                    for name in ("good", "m"):
                        plane.deploy(name, model, sample=X, alias="" if bias else "stable")
                for letters in (LETTERS, LETTERS[:2]):  # the second version refuses the letter c
                    model = make_pipeline(OneHotEncoder(), LinearRegression()).fit(letters, np.arange(len(letters)))
                    plane.deploy("bad", model, sample=letters, alias="" if len(letters) == 2 else "stable")
            yield running


@pytest.fixture
def plane(up: Up) -> Iterator[pretzel.ControlPlane]:
    with up.plane() as plane:
        yield plane
        for rollout in plane.rollouts(lasting=True):
            plane.abort_rollout(rollout.model, alias=rollout.alias)


@contextmanager
def load(up: Up, model: str, rows: Any, errors: list[Exception], callers: int = 2) -> Iterator[None]:
    """Call a model all the time, and collect the errors."""
    stop = threading.Event()

    def run() -> None:
        with up.client() as client:
            while not stop.is_set():
                try:
                    client.predict(model, rows)
                except Exception as error:
                    errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)


def until(plane: pretzel.ControlPlane, model: str, holds: Callable[[Rollout], bool]) -> Rollout:
    end = time.monotonic() + PATIENCE
    while not holds(rollout := plane.rollout_status(model)):
        assert time.monotonic() < end, rollout
        threading.Event().wait(0.05)
    return rollout


def decisions(rollout: Rollout) -> list[str]:
    return [one.decision for one in rollout.decisions]


def test_a_good_version_is_promoted_through_all_steps(up: Up, plane: pretzel.ControlPlane):
    errors: list[Exception] = []
    with load(up, "good", X[:1], errors):
        plane.rollout("good", 2, steps=(20, 50, 100), every=0.2, rules=RULES)
        done = until(plane, "good", lambda rollout: not rollout.lasts)
    assert (done.status, decisions(done)) == ("promoted", ["start", "advance", "promote"]), done
    assert [one.step for one in done.decisions] == [0, 0, 1]
    assert all(one.version.calls >= RULES.calls and not one.version.errors for one in done.decisions[1:])
    assert all(b.at - a.at >= 0.2 for a, b in zip(done.decisions, done.decisions[1:], strict=False))
    model = plane.model("good")
    assert (model.aliases["stable"], model.traffic, errors) == (2, {}, [])


def test_a_bad_version_rolls_back_under_load(up: Up, plane: pretzel.ControlPlane):
    errors: list[Exception] = []
    with load(up, "bad", LETTERS[2:], errors):
        plane.rollout("bad", 2, steps=(30, 100), every=3600, rules=RULES)
        done = until(plane, "bad", lambda rollout: not rollout.lasts)
    assert (done.status, decisions(done)) == ("rolled back", ["start", "roll back"])
    last = done.decisions[-1]
    assert last.version.refusals == last.version.calls >= RULES.calls and not last.version.faults
    assert last.stable.errors == 0 < last.stable.calls
    assert "refused of" in last.reason and last.reason.endswith("0.00% of version 1 (errors)")
    model = plane.model("bad")
    assert (model.aliases["stable"], model.traffic) == (1, {})
    assert errors and all(isinstance(error, InputError) for error in errors)  # its own answers; no call was lost
    audit = plane.audit(model="bad")
    assert audit[0].identity == "rollout of 127.0.0.1" and audit[0].method == "Rollout"
    with urllib.request.urlopen(f"{up.facts['control_metrics']}", timeout=30) as answer:
        metrics = answer.read().decode()
    assert 'pretzel_rollout_decisions_total{decision="roll back"} 1.0' in metrics
    assert 'pretzel_rollouts{state="running"} 0.0' in metrics


def test_a_version_that_disagrees_as_a_shadow_rolls_back(up: Up, plane: pretzel.ControlPlane):
    errors: list[Exception] = []
    plane.shadow("m", 2, 100)
    with load(up, "m", X[:1], errors):
        plane.rollout("m", 2, steps=(50, 100), every=3600, rules=RULES)
        done = until(plane, "m", lambda rollout: not rollout.lasts)
    plane.shadow("m", 0, 0)
    assert (done.status, errors) == ("rolled back", [])
    compared = re.search(r"version 2: ([\d,]+) of ([\d,]+) answers differ from those of version 1", done.reason)
    assert compared and compared[1] == compared[2] and done.reason.endswith("(disagreement)")


def test_other_changes_are_refused_meanwhile(up: Up, plane: pretzel.ControlPlane):
    plane.rollout("m", 2, steps=(1, 100), every=3600, rules=RULES)
    refused = "m: a rollout of version 2 moves the calls of alias 'stable' \\(running\\); end it first: pretzel rollout"
    for change in (
        lambda: plane.alias("m", "stable", 2),
        lambda: plane.traffic("m", {1: 50, 2: 50}),
        lambda: plane.deploy("m", LinearRegression().fit(X, X[:, 0])),
        lambda: plane.rollout("m", 2, rules=RULES),
    ):
        with pytest.raises(PreconditionError, match=refused):
            change()
    plane.alias("m", "other", 1)
    assert plane.pause_rollout("m").status == plane.pause_rollout("m").status == "paused"
    assert plane.resume_rollout("m").status == "running"
    promoted = asyncio.run(_promote(up))
    assert (promoted.status, plane.model("m").aliases["stable"]) == ("promoted", 2)
    with pytest.raises(PreconditionError, match="it was promoted already; start another"):
        plane.abort_rollout("m")
    plane.alias("m", "stable", 1)


async def _promote(up: Up) -> Rollout:
    async with pretzel.AsyncControlPlane(up.facts["control"], timeout=30) as plane:
        assert (await plane.rollout_status("m")).lasts
        assert "m" in [one.model for one in await plane.rollouts(lasting=True)]
        return await plane.promote_rollout("m")


def test_a_rollout_ends_if_its_model_goes(plane: pretzel.ControlPlane):
    for bias in (0.0, 1.0):
        plane.deploy("gone", LinearRegression().fit(X, X @ [1.0, 2.0, 3.0] + bias), alias="" if bias else "stable")
    plane.rollout("gone", 2, steps=(1, 100), every=3600)
    plane.delete("gone", force=True)
    done = until(plane, "gone", lambda rollout: not rollout.lasts)
    assert (done.status, done.reason) == ("ended", "its traffic was changed, or its versions were deleted")


@pytest.mark.parametrize(
    ("more", "error", "text"),
    [
        ({"version": 9}, NotFoundError, "model 'm' has no version 9"),
        ({"version": 1}, PreconditionError, "alias 'stable' has version 1 already; name another"),
        ({"alias": "none"}, NotFoundError, "model 'm' has no alias 'none'"),
        (
            {"steps": (50, 10, 100)},
            InputError,
            "the steps are 50, 10, 100; expected growing percents",
        ),
        ({"steps": (100,)}, InputError, "the steps are 100; expected growing"),
        ({"steps": (0.001, 100)}, InputError, "a step of 0.001 %; expected a percent to 100"),
        ({"every": 0}, InputError, "a step of 0.0 s; expected more than 0"),
        ({"rules": pretzel.Rules(errors=2)}, InputError, "errors is 2; expected a number from 0 to 1"),
        ({"rules": pretzel.Rules(calls=0)}, InputError, "calls is 0; expected 1 at least"),
    ],
)
def test_wrong_rollouts(plane: pretzel.ControlPlane, more: dict[str, Any], error: type[Exception], text: str):
    with pytest.raises(error, match=text):
        plane.rollout(**{"model": "m", "version": 2} | more)


def test_the_command(up: Up, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRETZEL_CONTROL_PLANE", up.facts["control"])
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["rollout", *arguments])
        return code, capsys.readouterr().out

    code, out = run("start", "m", "2", "--steps", "1,10%,100", "--every", "5m", "--max-errors", "2%", "--json")
    assert code == 0 and json.loads(out)["steps"] == [100, 1000, 10000]
    assert json.loads(out)["rules"]["errors"] == 0.02
    code, out = run("status", "m")
    assert code == 0 and "m:stable from version 1 to 2" in out and "1 %, 10 %, 100 %" in out and "127.0.0.1" in out
    assert "paused: by 127.0.0.1" in run("pause", "m")[1]
    assert "m:stable 1 -> 2" in run("list", "--lasting")[1]
    assert "running" in run("resume", "m")[1]
    assert "aborted" in run("abort", "m")[1]
    assert run("list", "--lasting") == (0, "no rollout\n")
    assert [run("promote", "m")[0], run("status", "none")[0]] == [6, 4]
    for wrong in (["--steps", "x"], ["--max-errors", "some"], ["--every", "soon"]):
        assert run("start", "m", "2", *wrong)[0] == 2
