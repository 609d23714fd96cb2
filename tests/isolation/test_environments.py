"""Environments: a worker runs code only with the Python and the packages that it was pickled with."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pretzel.errors import PreconditionError
from pretzel.isolation.environments import Environment, Interpreter, here, provided
from pretzel.isolation.limits import Allowed
from pretzel.isolation.stages import PythonStages
from tests.isolation.stages import opened

NUMPY = f"numpy=={np.__version__}"


def test_its_own_environment_serves_what_it_has() -> None:
    assert provided(Environment(here(), (NUMPY,)), None) == Interpreter(sys.executable)


def test_what_is_lacking_is_named_and_how_to_provide_it(tmp_path: Path) -> None:
    environment = Environment("3.7", ("numpy==1.0", "no-such-package==2"))
    lacking = rf"lacks Python 3.7 \(it has {here()}\), numpy 1.0 \(it has {np.__version__}\), no-such-package 2"
    with pytest.raises(PreconditionError, match=f"{lacking}; install them, or set python_environments"):
        provided(environment, None)
    remedy = f"make {tmp_path / environment.digest} a virtual environment of Python 3.7 with `pip install cloudpickle"
    with pytest.raises(PreconditionError, match=remedy):
        provided(environment, tmp_path)


def test_a_directory_of_packages_provides_an_environment(tmp_path: Path) -> None:
    environment = Environment(here(), (NUMPY, "extra==5"))
    information = tmp_path / environment.digest / "extra-5.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: extra\nVersion: 5\n")
    assert provided(environment, tmp_path) == Interpreter(sys.executable, (str(tmp_path / environment.digest),))


def test_a_virtual_environment_that_does_not_run_is_named(tmp_path: Path) -> None:
    environment = Environment(here(), (NUMPY,))
    python = tmp_path / environment.digest / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/false\n")
    python.chmod(0o755)
    with pytest.raises(PreconditionError, match="bin/python does not run"):
        provided(environment, tmp_path)


def test_a_stage_of_another_environment_is_refused_with_its_step() -> None:
    with pytest.raises(PreconditionError, match=r"step pipeline.own: the worker's own environment lacks numpy 0.1"):
        opened(PythonStages(Allowed("true")), np.negative, packages=("numpy==0.1",))
