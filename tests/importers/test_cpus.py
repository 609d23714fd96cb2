"""A quick part of `make test-cpus`: models whose labels depend on last bits, as on other processors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cpus import machines

ROOT = Path(__file__).resolve().parents[2]
QUICK = [
    "tests/importers/sklearn/test_isotonic.py::test_calibrated_probabilities_that_are_all_equal",
    "tests/importers/sklearn/test_examples.py::TestExamples::test_the_answers_are_the_librarys_own",
    "-k",
    "all_equal or Calibrated or LogisticRegression or Ridge",
]
MOST_UNLIKE = ("a scalar processor", "NumPy without dispatch")
"""The machines that differ most from this one; `make test-long` tests the others."""


@pytest.mark.parametrize(
    "machine",
    [name if name in MOST_UNLIKE else pytest.param(name, marks=pytest.mark.long) for name in machines()],
)
def test_answers_as_on_another_processor(machine: str) -> None:
    variables = machines()[machine]
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *QUICK]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{variables}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
