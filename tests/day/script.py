"""The steps of the day, in order."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.day.canaries import roll_out
from tests.day.load import Callers, Deployer
from tests.day.losses import check_deployments, check_whole, lose_each
from tests.day.models import model
from tests.day.record import Record
from tests.day.restoring import back_up, restore
from tests.day.system import State, System
from tests.day.upgrading import upgrade
from tests.faults.load import Expected

STEADY_SECONDS = 10.0
DEPLOYERS = 4


def run(root: Path, models: int) -> Record:
    """Run the day over a new system in a directory, and return its record."""
    record = Record()
    with ExitStack() as stack:
        state = State(stack)
        with record.step("two control planes and three workers start"):
            system = System(root, state.place())
            stack.callback(system.close)
        with record.step(f"{models} models are deployed") as step:
            known = _deploy_all(system, models)
            step.notes.append(f"{DEPLOYERS} clients")
        record.callers = stack.enter_context(Callers(system.address, lambda: known))
        with Deployer(stack.enter_context(system.plane())) as deployer:
            _work(record, state, system, deployer)
        check_deployments(record, deployer)
        with record.step("the deployments of the day are checked") as step:
            step.notes.append(f"{len(deployer.acknowledged)} versions, the slowest in {deployer.slowest:.1f} s")
        saved = back_up(record, system, root)
        restore(record, state, root, saved, known)
    return record


def _work(record: Record, state: State, system: System, deployer: Deployer) -> None:
    with record.step("steady load"):
        time.sleep(STEADY_SECONDS)
    roll_out(record, system)
    lose_each(record, state, system)
    upgrade(record, state, system, deployer)
    check_whole(record, system, "the day")


def _deploy_all(system: System, models: int) -> dict[str, Expected]:
    known = {f"model-{number}": model(number) for number in range(models)}
    with system.plane() as plane, ThreadPoolExecutor(DEPLOYERS) as pool:
        [*pool.map(lambda item: plane.deploy(item[0], item[1].estimator, sample=item[1].rows), known.items())]
    return known
