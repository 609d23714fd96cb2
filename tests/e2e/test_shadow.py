"""Shadow versions with real servers: calls over each protocol are copied, compared and reported."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import pretzel
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.shadows import ShadowReport
from tests.e2e.up import Up, descendants, started

X = np.random.default_rng(0).normal(size=(50, 3))
FITS = [LogisticRegression().fit(X, np.where(X @ w > 0, "yes", "no")) for w in ([1.0, 2.0, 3.0], [3.0, -1.0, 1.0])]
DIFFERENT = int((FITS[0].predict(X) != FITS[1].predict(X)).sum())


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Return a system with two worker processes and two versions of `m`."""
    with (
        patch.dict(os.environ, PRETZEL_SHADOW_EXAMPLES="true"),
        started(tmp_path_factory.mktemp("shadow"), "--workers=2", "--console=off") as running,
    ):
        with running.plane() as plane:
            for model in FITS:
                plane.deploy("m", model, sample=X, alias="stable" if model is FITS[0] else "")
        yield running


@pytest.fixture
def plane(up: Up) -> Iterator[pretzel.ControlPlane]:
    with up.plane() as plane:
        yield plane
        plane.shadow("m", 0, 0)


def shadow(plane: pretzel.ControlPlane, version: int, percent: float) -> None:
    """Set a shadow, and return when all workers copy to it: the deployment of an equal model waits for them."""
    plane.shadow("m", version, percent)
    plane.deploy("other", LinearRegression().fit(X, X[:, 0]), alias=f"a{plane.model('m').edition}")


def until(plane: pretzel.ControlPlane, holds: Callable[[ShadowReport], bool], model: str = "m") -> ShadowReport:
    """Return the report once something holds of it."""
    end = time.monotonic() + 60
    while not holds(report := plane.shadow_report(model)):
        assert time.monotonic() < end, report
    return report


def posted(up: Up, path: str, body: Any) -> Any:
    request = urllib.request.Request(
        f"{up.facts['http']}{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_each_protocol_is_copied_and_the_counts_are_those_of_the_library(up: Up, plane: pretzel.ControlPlane):
    shadow(plane, 2, 100)
    tensor = {"name": "X", "shape": [50, 3], "datatype": "FP64", "data": X.ravel().tolist()}
    rows = [dict(enumerate(row)) for row in X.tolist()]
    with up.client() as client:
        for row in X:  # the hot path
            client.predict("m", row[None])
        client.predict("m", X)
        posted(up, "/v1/models/m:predict", {"rows": rows})
        name = json.load(urllib.request.urlopen(f"{up.facts['http']}/v2/models/m", timeout=30))["inputs"][0]["name"]
        posted(up, "/v2/models/m/infer", {"inputs": [tensor | {"name": name}], "outputs": [{"name": "predict"}]})
        client.predict("m@1", X)  # names a version, and is not copied
    (figures,) = until(plane, lambda report: report.rows + sum(one.failures for one in report.figures) >= 200).figures
    assert (figures.calls, figures.failures, figures.dropped, figures.last_failure) == (53, 0, 0, "")
    # The answer over REST has the probabilities too, which differ on each row.
    assert (figures.version, figures.against, figures.rows, figures.disagreeing) == (2, 1, 200, 3 * DIFFERENT + 50)
    assert figures.outputs["predict"].disagreeing == 4 * DIFFERENT
    assert len(figures.examples) == 5
    example = figures.examples[0]
    assert {example.got, example.want} == {"yes", "no"} and example.inputs


def test_calls_for_many_models_are_copied_once_for_each_shadow(up: Up, plane: pretzel.ControlPlane):
    for name in ("p", "q"):
        for model in FITS:
            plane.deploy(name, model, sample=X, alias="stable" if model is FITS[0] else "")
        plane.shadow(name, 2, 100)
    shadow(plane, 0, 0)
    with up.client() as client:
        for _ in range(6):  # the ordinary path, and the hot path once a process has run them together
            got = client.predict_many(["q", "p", "q@1", "p:stable"], X, "predict")
            assert all(list(one) == list(FITS[0].predict(X)) for one in got.values())
    for name in ("p", "q"):
        (figures,) = until(plane, lambda report: report.rows >= 300, name).figures
        assert (figures.calls, figures.dropped, figures.failures, figures.rows) == (6, 0, 0, 300)
        assert figures.disagreeing == 6 * DIFFERENT


def test_scores_have_distances_and_drift(up: Up, plane: pretzel.ControlPlane):
    shadow(plane, 2, 100)
    with up.client() as client:
        want = client.predict_proba("m", X)
    (figures,) = until(plane, lambda report: report.rows >= 50).figures
    output, got = figures.outputs["predict_proba"], FITS[1].predict_proba(X)
    assert output.largest_difference == pytest.approx(np.max(np.abs(got - want) / want))
    assert output.disagreeing == 50 and 0.01 < output.drift < 1 and output.psi > 0.1
    assert [one.given.sum() for one in output.distributions] == [50, 50]


def test_a_share_is_copied_by_key_and_the_end_forgets(up: Up, plane: pretzel.ControlPlane):
    shadow(plane, 2, 30)
    with up.client() as client:
        for key in range(40):
            with pretzel.route_key(f"user-{key}"):
                for _ in range(2):
                    client.predict("m", X[:1])
        (figures,) = until(plane, lambda report: report.rows > 0 and report.figures[0].calls == report.rows).figures
        assert figures.calls % 2 == 0 and 4 <= figures.calls <= 44  # fixed keys
        first = plane.model("m").shadows["stable"]
        shadow(plane, 2, 100)
        assert plane.model("m").shadows["stable"].id == first.id  # another share continues
        plane.shadow("m", 0, 0)
        with pytest.raises(NotFoundError, match="model 'm': its alias 'stable' has no shadow"):
            plane.shadow_report("m")
        shadow(plane, 2, 100)
        assert plane.shadow_report("m").figures == ()
        client.predict("m", X[:7])
        assert until(plane, lambda report: report.rows > 0).rows == 7


def test_a_shadow_that_cannot_answer_is_a_failure_of_the_shadow_alone(up: Up, plane: pretzel.ControlPlane):
    version = plane.deploy("m", LogisticRegression().fit(X[:, :2], X[:, 0] > 0), sample=X[:, :2], alias="").version
    shadow(plane, version, 100)
    with up.client() as client:
        assert list(client.predict("m", X)) == list(FITS[0].predict(X))
    (figures,) = until(plane, lambda report: bool(report.figures) and report.figures[0].failures > 0).figures
    assert (figures.calls, figures.rows, figures.failures) == (1, 0, 1) and "InputError" in figures.last_failure


def test_the_sums_outlive_a_serving_process(up: Up, plane: pretzel.ControlPlane):
    shadow(plane, 2, 100)
    with up.client() as client:
        client.predict("m", X)
        until(plane, lambda report: report.rows == 50)
        (one, *_) = (pid for pid, command in descendants(up.process.pid).items() if "data_plane.serve" in command)
        os.kill(one, signal.SIGKILL)
        client.predict("m", X)
    assert until(plane, lambda report: report.rows >= 100).rows == 100


def test_changes_that_are_refused(plane: pretzel.ControlPlane):
    with pytest.raises(InputError, match="shadow: alias 'stable' points to version 1 itself; give another version"):
        plane.shadow("m", 1, 10)
    with pytest.raises(NotFoundError, match="model 'm' has no version 99"):
        plane.shadow("m", 99, 10)
    with pytest.raises(InputError, match="shadow: version 2 has a share of 0.001 %; expected two decimals at most"):
        plane.shadow("m", 2, 0.001)
    with pytest.raises(InputError, match="shadow: a share of 101 %; expected 0 to 100"):
        plane.shadow("m", 2, 101)
    plane.shadow("m", 2, 10)
    with pytest.raises(PreconditionError, match=r"m@2 is in use: stable -> 2 \(shadow of 10 %\)"):
        plane.delete("m@2")


def test_the_command(up: Up, plane: pretzel.ControlPlane):
    assert up.run("shadow", "m", 2, 12.5)["shadows"]["stable"]
    assert plane.describe("m").shadows == plane.model("m").shadows and plane.model("m").shadows["stable"].slots == 1250
    assert up.run("shadow", "m")["shadow"]["version"] == 2
    assert up.run("shadow", "m", "--off")["shadows"] == {}
    assert "has no shadow" in up.run("shadow", "m", code=4)["message"]
