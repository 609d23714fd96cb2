"""Zygotes that hang, end or are too many: calls go on, and no process id is taken for another."""

from __future__ import annotations

import importlib.metadata
import os
import signal

import numpy as np
import pytest

from pretzel.errors import UnavailableError
from pretzel.isolation.limits import Allowed
from pretzel.isolation.stages import PythonStages
from tests.isolation.conftest import LIMITS
from tests.isolation.stages import ROWS, opened


def test_a_zygote_that_does_not_answer_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = PythonStages(Allowed("unconfined", limits=LIMITS))
    try:
        opened(stages, np.negative)([ROWS], 3, 0.0, None)
        zygote = next(iter(stages.pool._zygotes.values())).result()
        os.kill(zygote._process.pid, signal.SIGSTOP)
        with monkeypatch.context() as patch, pytest.raises(UnavailableError, match="did not answer within 0.05 s"):
            patch.setattr("pretzel.isolation.zygote.ANSWER_SECONDS", 0.05)
            opened(stages, np.square)([ROWS], 3, 0.0, None)
        zygote._process.wait(10)
        assert opened(stages, np.square)([ROWS], 3, 0.0, None)[0].tolist() == np.square(ROWS).tolist()
    finally:
        stages.close()


def test_environments_with_side_processes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pretzel.isolation.pool.MOST_ZYGOTES", 1)
    stages = PythonStages(Allowed("unconfined", limits=LIMITS))
    numpy = f"numpy=={np.__version__}"
    cloudpickle = f"cloudpickle=={importlib.metadata.version('cloudpickle')}"
    both = [opened(stages, np.negative, packages=packages) for packages in ((numpy,), (numpy, cloudpickle))]
    try:
        for stage in (*both, *both):
            assert stage([ROWS], 3, 0.0, None)[0].tolist() == (-ROWS).tolist()
        assert len(stages.pool._zygotes) == 2
        opened(stages, np.square, packages=(cloudpickle,))([ROWS], 3, 0.0, None)
        for process in list(stages.pool._idle):
            stages.pool._idle.pop(process)
            stages.pool.drop(process)
        opened(stages, np.square, packages=(cloudpickle,))([ROWS], 3, 0.0, None)
        assert len(stages.pool._zygotes) == 1
    finally:
        stages.close()


def test_a_process_that_ended_while_it_waited_is_replaced() -> None:
    stages = PythonStages(Allowed("unconfined", limits=LIMITS))
    stage = opened(stages, np.negative)
    try:
        stage([ROWS], 3, 0.0, None)
        zygote = next(iter(stages.pool._zygotes.values())).result()
        zygote._process.kill()
        zygote._process.wait(10)
        assert stage([ROWS], 3, 0.0, None)[0].tolist() == (-ROWS).tolist()
        assert stages.counts["python_crashes"] == 0
        assert stages.pool.processes == 1
    finally:
        stages.close()
