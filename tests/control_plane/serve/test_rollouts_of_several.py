"""Rollouts with two control planes: one is killed while it carries a rollout on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pretzel.client import Client, ControlPlane, Rules
from pretzel.plan.rollout import Rollout
from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.running import WIDTH, definition
from tests.control_plane.serve.test_several import Pair, running_worker, until

STEPS = (20, 40, 60, 80, 100)
RULES = Rules(calls=20, latency=0)
"""Without durations: other programs use the same processors."""


@pytest.fixture(scope="module")
def pair(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRETZEL_ROLLOUT_SECONDS", "0.05")
        running = Pair(tmp_path_factory.mktemp("rollouts"), str(postgres.new()))
        yield running
        running.close()


def sql(postgres: Postgres, pair: Pair, statement: str) -> list[tuple[object, ...]]:
    return postgres.server.sql(statement, pair.url.partition("?")[0].rpartition("/")[2])


def kill_holder(postgres: Postgres, pair: Pair, model: str) -> str:
    """Kill the control plane that carries the rollout of a model on, and return its number in the catalog."""
    ((holder,),) = sql(postgres, pair, "SELECT holder FROM work WHERE name = 'rollouts'")
    (name,) = [name for name, server in pair.servers.items() if advanced(server.log.read_text(), model)]
    pair.servers[name].process.kill()
    pair.servers[name].process.wait()
    return str(holder)


def advanced(log: str, model: str) -> bool:
    """Return whether a control plane has logged that it advanced the rollout of a model."""
    return any(f'"model": "{model}"' in line and '"decision": "advance"' in line for line in log.splitlines())


@pytest.mark.parametrize("waits", [False, pytest.param(True, marks=pytest.mark.long)])
def test_another_goes_on_with_the_rollout_of_a_killed_one(pair: Pair, postgres: Postgres, waits: bool):
    """No step is left out or carried out twice.  The lease of the killed one is waited for, or ended at once."""
    name = f"killed{waits:d}"
    with running_worker(pair) as worker, ControlPlane(pair.addresses) as plane, Client(worker) as client:
        plane.deploy(name, definition(1), wait=True)
        plane.deploy(name, definition(2), alias="", wait=True)
        plane.rollout(name, 2, steps=STEPS, every=0.05, rules=RULES)

        def called(holds: Callable[[Rollout], bool]) -> bool:
            """Call few enough times that at most one step can be decided, and look at the rollout."""
            for _ in range(RULES.calls):
                client.infer(name, {"x": np.zeros((1, WIDTH))})
            return holds(plane.rollout_status(name))

        until(lambda: called(lambda rollout: rollout.step > 0))
        holder = kill_holder(postgres, pair, name)
        assert plane.rollout_status(name).lasts
        if not waits:
            ended = f"UPDATE work SET until = 0 WHERE name = 'rollouts' AND holder = '{holder}' RETURNING holder"
            assert sql(postgres, pair, ended) == [(holder,)]
        until(lambda: called(lambda rollout: not rollout.lasts))
        done, model = plane.rollout_status(name), plane.model(name)
    assert [one.decision for one in done.decisions] == ["start", "advance", "advance", "advance", "promote"]
    assert [one.step for one in done.decisions] == [0, 0, 1, 2, 3]
    assert (done.status, model.aliases["stable"], model.traffic) == ("promoted", 2, {})
    for dead in [one for one, server in pair.servers.items() if server.process.poll() is not None]:
        pair.servers[dead].close()
        pair.start(dead)
