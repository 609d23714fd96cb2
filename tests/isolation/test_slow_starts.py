"""Environments and objects that are slow to start: others are served, and calls end at their deadlines."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretzel.errors import CancelledError, DeadlineError, PreconditionError, UnavailableError
from pretzel.isolation.environments import Environment, here
from pretzel.isolation.limits import Allowed, SideLimits
from pretzel.isolation.side.messages import HEADER_BYTES
from pretzel.isolation.stages import PythonStages
from tests.isolation.conftest import LIMITS
from tests.isolation.stages import ROWS, opened

NUMPY = f"numpy=={np.__version__}"
SLOW = (NUMPY, f"cloudpickle=={importlib.metadata.version('cloudpickle')}")
SCRIPT = """#!/bin/sh
case "$*" in *side.zygote*) read line < {gate} ;; esac
exec {python} "$@"
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """An environment whose zygotes start when something is written to this pipe."""
    pipe, python = tmp_path / "gate", tmp_path / Environment(here(), SLOW).digest / "bin" / "python"
    os.mkfifo(pipe)
    python.parent.mkdir(parents=True)
    python.write_text(SCRIPT.format(gate=pipe, python=sys.executable))
    python.chmod(0o755)
    return pipe


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[PythonStages]:
    made = PythonStages(Allowed("unconfined", environments=tmp_path, processes=1, limits=LIMITS))
    yield made
    made.close()


class Token:
    cancelled = False


def test_a_slow_environment_stops_no_other_and_no_deadline(gate: Path, stages: PythonStages) -> None:
    slow, fast = opened(stages, np.negative, packages=SLOW), opened(stages, np.square)
    token = Token()
    for _ in range(2):
        with pytest.raises(DeadlineError, match="the deadline passed while the environment of its step started"):
            slow([ROWS], 3, time.monotonic() + 0.05, None)
        assert fast([ROWS], 3, 0.0, None)[0].tolist() == np.square(ROWS).tolist()
    threading.Timer(0.05, setattr, (token, "cancelled", True)).start()
    with pytest.raises(CancelledError, match="the caller cancelled while the environment of its step started"):
        slow([ROWS], 3, 0.0, token)
    gate.write_text("go\n")
    assert slow([ROWS], 3, 0.0, None)[0].tolist() == (-ROWS).tolist()
    assert fast([ROWS], 3, 0.0, None)[0].tolist() == np.square(ROWS).tolist()
    assert len(stages.pool._zygotes) == 2, "one zygote for each, however often it was waited for"


def test_an_environment_that_does_not_start_fails_all_calls_that_wait(gate: Path, tmp_path: Path) -> None:
    limits = SideLimits(start_seconds=0.2)
    stages = PythonStages(Allowed("unconfined", environments=tmp_path, limits=limits))
    try:
        for _ in range(2):
            with pytest.raises(UnavailableError, match="cannot be started now .*did not answer within 0.2 s"):
                opened(stages, np.negative, packages=SLOW)([ROWS], 3, 0.0, None)
    finally:
        stages.close()


def test_an_object_that_is_slow_to_open_is_kept_for_the_next_call(stages: PythonStages) -> None:
    class Slow:
        def __reduce__(self) -> Any:
            return eval, ("__import__('time').sleep(0.5) or abs",)

    stage = opened(stages, Slow())
    for _ in range(3):
        with pytest.raises(DeadlineError, match="the deadline passed"):
            stage([ROWS], 3, time.monotonic() + 0.02, None)
    assert stage([ROWS], 3, 0.0, None)[0].tolist() == abs(ROWS).tolist()
    assert stages.pool.processes == 1
    assert not stages.pool._late


def test_more_columns_than_a_header_holds_are_refused(stages: PythonStages) -> None:
    names = [f"column {i}" for i in range(30_000)]
    takes = {"form": "table", "names": names, "dtypes": ["float64"] * len(names)}
    with pytest.raises(PreconditionError, match=f"30000 columns have headers of .* expected at most {HEADER_BYTES}"):
        opened(stages, np.negative, takes=takes, reads=["f64"] * len(names))
