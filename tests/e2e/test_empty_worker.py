"""A worker that never had a catalog runs next to a healthy one without a control plane: no call is lost."""

from __future__ import annotations

import contextlib
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from sklearn.linear_model import LogisticRegression

import pretzel
from pretzel import errors
from tests.e2e.servers import control_plane, worker
from tests.e2e.test_balancing import PATIENCE, Load, answers_more, until
from tests.e2e.trained import IRIS

MODEL = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)


@pytest.mark.long
def test_no_call_is_lost_next_to_a_worker_without_a_catalog(tmp_path: Path):
    inputs = [IRIS.data[:1], IRIS.data, np.tile(IRIS.data, (200, 1))]
    with contextlib.ExitStack() as servers:
        control = servers.enter_context(control_plane(tmp_path / "control"))
        healthy = servers.enter_context(worker(tmp_path / "healthy", control))
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            plane.deploy("iris", MODEL, sample=IRIS.data[::10])
        control.kill()
        empty = servers.enter_context(worker(tmp_path / "empty", control))
        with grpc.insecure_channel(empty.address) as channel:
            checked = HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        assert checked.status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pretzel.Client(empty.address, timeout=PATIENCE) as alone:
            with pytest.raises(errors.UnavailableError, match="this worker has no catalog yet; try another"):
                alone.predict("iris", IRIS.data[:1])
        with Load(f"ipv4:{empty.address},{healthy.address}", MODEL, inputs) as load:
            answers_more(healthy, 2000)
            until(lambda: load.calls > 300, "300 calls")
    assert not load.failures, f"{len(load.failures)} of {load.calls} calls, first {load.failures[0]!r}"
    print(f"{load.calls} calls, none lost")
