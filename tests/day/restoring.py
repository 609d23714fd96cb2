"""A backup while the system runs, and its restore into an empty one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

import pretzel
from tests.day.record import Record
from tests.day.system import NEWER, State, System
from tests.faults.cluster import until
from tests.faults.load import Expected
from tests.helpers.s3 import KEYS

SECONDS = 300


def back_up(record: Record, system: System, root: Path) -> Path:
    """Back the system up while it serves; return the directory of the backup."""
    saved = root / "backup"
    with record.step("backup of the running system") as step:
        said = _command("backup", str(saved), root / "a", system.place)
        step.notes.append(f"{said['versions']} versions, {said['objects']} objects")
    return saved


def restore(record: Record, state: State, root: Path, saved: Path, known: Mapping[str, Expected]) -> None:
    """Restore the backup into an empty database and store; every model must answer there as before."""
    place, directory = state.place(), root / "restored"
    with record.step("restore into an empty system") as step:
        said = _command("restore", str(saved), directory / "a", place)
        step.notes.append(f"{said['versions']} versions")
    with ExitStack() as stack:
        with record.step("the restored system starts and serves"):
            system = System(directory, place, planes="a", workers=1, kernel_set=NEWER)
            stack.callback(system.close)
            if not until(lambda: system.serves(0), SECONDS):
                record.problems.append(
                    f"restored: the worker does not serve; its log: {system.workers[0].log()[-2000:]}"
                )
        with record.step("every model answers there"), pretzel.Client(system.worker_address(0), timeout=60) as client:
            for name, expected in known.items():
                answers = client.predict_proba(name, expected.rows)
                if not np.allclose(answers, expected.answers, rtol=1e-6, atol=1e-9):
                    record.problems.append(f"restored: {name}: wrong answer")


def _command(verb: str, target: str, data_dir: Path, place: Mapping[str, str]) -> dict[str, object]:
    where = [f"--data-dir={data_dir}", f"--catalog={place['catalog']}", f"--store={place['store']}", "--json"]
    command = [sys.executable, "-P", "-m", "pretzel.cli", verb, target, *where]
    run = subprocess.run(command, env=os.environ | KEYS, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert run.returncode == 0, f"pretzel {verb}: {run.stdout} {run.stderr}"
    found: dict[str, object] = json.loads(run.stdout)
    return found
