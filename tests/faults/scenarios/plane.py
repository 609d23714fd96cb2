"""A control plane that does not answer, clocks that jump, and a model that is deployed again and again."""

from __future__ import annotations

import copy
import os
import signal
import time
from pathlib import Path

import pretzel
from pretzel.errors import PretzelError
from tests.faults.cluster import DEPLOY_SECONDS, Cluster, Places, outcome, running, until
from tests.faults.outcome import Outcome, scenario
from tests.helpers.clocks import DAY, WallClock

GONE_SECONDS = 60.0
SIXTIETH = {"PRETZEL_REPORT_SECONDS": "0.033", "PRETZEL_COLLECT_SECONDS": "10", "PRETZEL_LEASE_SECONDS": "60"}
"""Intervals of the control plane cut by sixty, so that a minute is an hour to it."""
JUMPS = (DAY, -DAY, 0.0, 4000 * DAY, -400 * DAY, 0.0)
"""Seconds by which the clocks are ahead, one after the other."""
REDEPLOYMENTS = 200
RELATIVE = 1e-9
"""Change of the weights from one deployment to the next, which the answers do not show."""


@scenario
def control_plane_gone(root: Path) -> Outcome:
    """Stop the control plane for a minute, and kill processes of a worker meanwhile: all models are served."""
    places = Places.under(root)
    places.control_environment = SIXTIETH
    places.worker_options = ("--report-seconds=0.033",)
    problems = []
    with running(root, places) as (cluster, load):
        cluster.control.send(signal.SIGSTOP)  # it holds its connections, and answers nothing
        end, worker, killed = time.monotonic() + GONE_SECONDS, cluster.workers[0], 0
        while time.monotonic() < end:
            members = worker.members()
            worker.send(signal.SIGKILL, members[killed % 2] if len(members) > 1 else None)  # the supervisor, a process
            killed += 1
            if not until(lambda: worker.is_ready and cluster.answers(0), GONE_SECONDS / 2):
                problems.append("the worker did not serve again without a control plane")
            time.sleep(2.0)
        cluster.control.send(signal.SIGCONT)
        if not cluster.deploy("after"):
            problems.append(f"no deployment after the control plane came back: {cluster.refused[-1]}")
        heal = cluster.healed_in()
    return outcome(cluster, load, heal, killed, problems)


@scenario
def clock_jumps(root: Path) -> Outcome:
    """Set the clocks of the control plane and of one worker, by days and years, while models are deployed."""
    places, clock = Places.under(root), WallClock(root / "clock")
    places.control_environment = places.worker_environment = clock.environment
    problems = []
    heal = 0.0
    with running(root, places) as (cluster, load):
        for number, ahead in enumerate(JUMPS):
            clock.set_ahead(ahead)
            if not cluster.deploy(f"after-{number}"):
                problems.append(f"no deployment with the clock {ahead:.0f} s ahead: {cluster.refused[-1]}")
            os.kill(cluster.workers[0].members()[-1], signal.SIGKILL)  # its successor has this clock from its start
            problems += _collected(cluster)
            heal = max(heal, cluster.healed_in())
    return outcome(cluster, load, heal, len(JUMPS), problems)


@scenario
def redeployments(root: Path) -> Outcome:
    """Deploy one model again and again while it is called: every answer is that of a version."""
    problems = []
    with running(root, models=1) as (cluster, load):
        ((name, known),) = cluster.models().items()
        with pretzel.ControlPlane(cluster.control_address, timeout=DEPLOY_SECONDS) as plane:
            for number in range(1, REDEPLOYMENTS + 1):
                changed = copy.deepcopy(known.estimator)
                changed[-1].coef_ *= 1 + number * RELATIVE
                version = plane.deploy(name, changed, sample=known.rows).version
                if version != number + 1:
                    problems.append(f"deployment {number} made version {version}")
            kept = len(plane.model(name).versions)
        if kept > 11:
            problems.append(f"{kept} versions are kept")
        heal = cluster.healed_in()
    return outcome(cluster, load, heal, REDEPLOYMENTS, problems)


def _collected(cluster: Cluster) -> list[str]:
    """Collect garbage, and return the problem if that fails."""
    try:
        with pretzel.ControlPlane(cluster.control_address, timeout=DEPLOY_SECONDS) as plane:
            plane.collect_garbage()
    except PretzelError as error:
        return [f"no collection: {error!r}"]
    return []
