"""Retries of control-plane calls after a broken connection; each call takes effect once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from pretzel import errors
from pretzel.client import repeating
from pretzel.client.failures import CutOffError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from tests.client.services import Control, serving
from tests.e2e.servers import Server, free_port, server

DEPLOYMENTS = 50
LEAST_KILLS = 3
MOST_KILLS = 12
"""Number of kills after which the server stays up, so that the test also ends on a slow machine."""


def definition(seed: int) -> Definition:
    x = ops.Input("x", "f64[400]")
    weights = Parameter.of(np.random.default_rng(seed).normal(size=400))
    return Definition({"decision_function": ops.Linear(x, weights, Parameter.of(np.zeros(1)))}, (x,))


class Cutting(Control):
    """Performs each call, and cuts off the next ``cuts`` responses."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts = 0
        self.gone: set[str] = set()

    def _cut(self, context: grpc.ServicerContext) -> None:
        if self.cuts:
            self.cuts -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")  # what gRPC reports for a killed server

    def ListModels(self, request, context):
        self._cut(context)
        return super().ListModels(request, context)

    def DeployModel(self, request, context):
        yield from super().DeployModel(request, context)
        self._cut(context)

    def SetAlias(self, request, context):
        if not request.version and request.alias not in self.aliases:
            context.abort(grpc.StatusCode.NOT_FOUND, f"model {request.model!r} has no alias {request.alias!r}")
        answer = super().SetAlias(request, context)
        if not request.version:
            del self.aliases[request.alias]
        self._cut(context)
        return answer

    def DeleteModel(self, request, context):
        if request.model in self.gone:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no model {request.model!r}")
        answer = super().DeleteModel(request, context)
        self.gone.add(request.model)
        self._cut(context)
        return answer


@pytest.fixture
def cutting() -> Cutting:
    return Cutting()


@pytest.fixture
def client(control: Any, cutting: Cutting) -> Iterator[Any]:
    with serving(cutting) as port:
        yield control(f"127.0.0.1:{port}", timeout=30)


def test_a_deletion_that_was_cut_off_takes_effect_once(client, cutting):
    cutting.cuts = 2
    assert client.delete("a") is None
    assert cutting.deleted == [("a", False)]


def test_the_deletion_of_an_unknown_model_fails(client, cutting):
    cutting.gone.add("a")
    with pytest.raises(errors.NotFoundError, match="no model 'a'"):
        client.delete("a")


def test_an_alias_removal_that_was_cut_off_takes_effect_once(client, cutting):
    client.alias("a", "canary", 1)
    cutting.cuts = 1
    assert client.alias("a", "canary", None).name == "a"
    assert cutting.aliases == {}
    with pytest.raises(errors.NotFoundError, match="no alias 'canary'"):
        client.alias("a", "canary", None)


def test_a_deployment_keeps_its_identifier_in_all_attempts_and_has_it_alone(client, cutting):
    for cuts in (2, 0):
        cutting.cuts = cuts
        client.deploy("m", definition(1))
    ids = [request.deployment_id for request in cutting.requests]
    assert len(ids) == 4 and ids[0] == ids[1] == ids[2] != ids[3] and all(map(len, ids))


def test_a_list_is_retried(client, cutting):
    client.models()
    cutting.cuts = 7  # more than gRPC's own attempts
    assert [model.name for model in client.models()] == ["a", "ab", "b"]


@pytest.mark.long
def test_the_callers_deadline_ends_the_retries_and_names_the_cause(control: Any, cutting: Cutting):
    with serving(cutting) as port:
        client = control(f"127.0.0.1:{port}", timeout=6.0)
        client.models()
        cutting.cuts = 10_000
        began = time.monotonic()
        with pytest.raises(errors.DeadlineError, match="Socket closed"):
            client.models()
        assert time.monotonic() - began < 9


def test_patience_is_bounded_without_a_deadline(control: Any, cutting: Cutting, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repeating, "PATIENCE", 0.5)
    with serving(cutting) as port:
        client = control(f"127.0.0.1:{port}")
        cutting.cuts = 10_000
        with pytest.raises(CutOffError, match="Socket closed"):
            client.models()


def test_a_server_that_never_answered_fails_soon(control: Any):
    began = time.monotonic()
    with pytest.raises(errors.UnavailableError, match="is a server running there"):
        control(f"127.0.0.1:{free_port()}", timeout=60).models()
    assert time.monotonic() - began < 15


class Restarted:
    """A control plane that is killed repeatedly, and restarted on the same port."""

    def __init__(self, directory: Path, number: signal.Signals) -> None:
        self._directory, self._number, self._port = directory, number, free_port()
        self.address = f"127.0.0.1:{self._port}"
        self.kills = 0

    @contextmanager
    def run(self) -> Iterator[Server]:
        data = self._directory / "data"
        with server(
            "control-plane", self._directory, data_dir=data, control_port=self._port, control_metrics_port=0
        ) as up:
            yield up

    def restart_until(self, done: threading.Event) -> None:
        chance = random.Random(7)
        while not done.is_set():
            with self.run() as up:
                done.wait(chance.uniform(0.3, 4.0) if self.kills < MOST_KILLS else None)
                if not done.is_set():
                    self.kills += 1
                    os.kill(up.process.pid, self._number)
                    up.process.wait(30)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_deployment_is_lost_or_duplicated_while_the_control_plane_is_killed(
    control: Any, tmp_path: Path, number: signal.Signals
):
    plane, done = Restarted(tmp_path, number), threading.Event()
    thread = threading.Thread(target=plane.restart_until, args=(done,))
    client = control(plane.address, timeout=120)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while True:  # the first start
            try:
                client.models()
                break
            except errors.UnavailableError:
                assert time.monotonic() < deadline
        deployed_models = 0
        while deployed_models < DEPLOYMENTS or plane.kills < LEAST_KILLS:
            i, deployed_models = deployed_models, deployed_models + 1
            deployed = client.deploy(f"m{i}", definition(i))
            assert (deployed.model, deployed.version) == (f"m{i}", 1)
            client.alias(f"m{i}", "canary", 1)
            client.alias(f"m{i}", "canary", None)
            client.describe(f"m{i}")
            if i % 5 == 4:
                client.delete(f"m{i}", force=True)
    finally:
        done.set()
        thread.join(120)
    with plane.run():
        models = {model.name: [v.version for v in model.versions] for model in client.models()}
    assert models == {f"m{i}": [1] for i in range(deployed_models) if i % 5 != 4}
