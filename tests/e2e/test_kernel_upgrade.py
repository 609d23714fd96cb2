"""Workers of two releases with other kernels serve at the same time during an upgrade, and no call is lost."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import pretzel
from pretzel.errors import PreconditionError
from tests.e2e.servers import Server, server
from tests.e2e.test_balancing import CALL_SECONDS, PATIENCE, answers_more, until
from tests.e2e.test_restarts import EXPECTED, MODEL, Load
from tests.e2e.trained import DOCUMENTS, IRIS, Trained

FORMER, LATTER = (LogisticRegression(C=c, max_iter=500).fit(IRIS.data, IRIS.target) for c in (0.01, 10.0))
"""Two versions of a model that answer differently."""


def control_plane(directory: Path, socket: str, kernel_set: str) -> contextlib.AbstractContextManager[Server]:
    """A control plane of a release with some kernels, over the same data and at the same address as the others."""
    settings = {"data_dir": directory / "data", "control_port": 0, "control_metrics_port": 0, "control_listen": socket}
    settings |= {"kernel_set_seconds": 0, "report_seconds": 0.2, "kernel_set": kernel_set}
    return server("control-plane", directory / f"control-{kernel_set}", **settings)


def worker(directory: Path, socket: str, kernel_set: str) -> contextlib.AbstractContextManager[Server]:
    settings = {"cache_dir": directory / "cache", "control_plane": socket, "port": 0, "metrics_port": 0}
    return server("worker", directory, **settings, kernel_set=kernel_set)


def plans(plane: pretzel.ControlPlane) -> dict[str, str]:
    return {model.name: str(model.versions[0].plan) for model in plane.models()}


def deploy_meanwhile(plane: pretzel.ControlPlane, old: Server, new: Server) -> None:
    """Deploy a version during the upgrade: newer workers serve it, and former ones the version before."""
    with pytest.raises(PreconditionError, match="published as revision .* it is for kernels 2, and this worker has 1"):
        plane.deploy("later", LATTER, sample=IRIS.data[::10])
    assert [version.version for version in plane.model("later").versions] == [1, 2]
    (held,) = plane.held_back()
    assert held.model == "later" and "kernels 2" in held.reason
    for serving, estimator in ((old, FORMER), (new, LATTER)):
        with pretzel.Client(serving.address, timeout=CALL_SECONDS) as client:
            answers = client.predict_proba("later", IRIS.data)
        np.testing.assert_allclose(answers, estimator.predict_proba(IRIS.data), rtol=1e-6, atol=1e-9)


def check_answers(new: Server, trained: dict[str, Trained]) -> None:
    with pretzel.Client(new.address, timeout=CALL_SECONDS) as client:
        np.testing.assert_allclose(client.predict_proba("iris", IRIS.data), EXPECTED, rtol=1e-6, atol=1e-9)
        expected = trained["text"].estimator.predict_proba(DOCUMENTS)
        np.testing.assert_allclose(client.predict_proba("text", DOCUMENTS), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.long
def test_an_upgrade_loses_no_call_and_old_plans_go(tmp_path: Path, trained: dict[str, Trained]):
    socket = f"unix:{tmp_path}/control.sock"
    with contextlib.ExitStack() as stack:
        former = stack.enter_context(contextlib.ExitStack())
        control = former.enter_context(control_plane(tmp_path, socket, "1"))
        leaving = stack.enter_context(contextlib.ExitStack())
        old = leaving.enter_context(worker(tmp_path / "old", socket, "1"))
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            plane.deploy("iris", MODEL, sample=IRIS.data[::10])
            plane.deploy("text", trained["text"].estimator, sample=DOCUMENTS[:5])
            plane.deploy("later", FORMER, sample=IRIS.data[::10])
            before = plans(plane)
        with Load(old.address) as first:
            answers_more(old)
            former.close()
            control = stack.enter_context(control_plane(tmp_path, socket, "2"))
            new = stack.enter_context(worker(tmp_path / "new", socket, "2"))
            answers_more(old)
            with Load(new.address) as second:
                answers_more(new)
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            until(lambda: {w.kernel_set for w in plane.workers().workers} == {"1", "2"}, "both workers report")
            plane.collect_garbage()
            assert plans(plane) == before, "the old worker needs them"
            assert not plane.held_back()
            deploy_meanwhile(plane, old, new)
            with Load(f"ipv4:{old.address},{new.address}") as third:
                answers_more(old)
                answers_more(new)
                leaving.close()
                answers_more(new)
            until(lambda: {w.kernel_set for w in plane.workers().workers} == {"2"}, "the old worker has left")
            assert plane.collect_garbage().objects > 0
            after = plans(plane)
            assert after.keys() == before.keys() and not {*after.values()} & {*before.values()}
            assert plane.collect_garbage().objects == 0
        for load in (first, second, third):
            assert load.calls and not load.lost, f"{len(load.lost)} of {load.calls} calls, first {load.lost[:3]}"
        check_answers(new, trained)
