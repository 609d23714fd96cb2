"""Instruction sets: every level has the same bits, and an unsupported one is rejected by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pretzel.kernels import cpu

ROOT = Path(__file__).parents[2]


def python(level: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PRETZEL_CPU": level, "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def digests(level: str) -> dict[str, str]:
    done = python(level, "-m", "tests.ops.digests")
    assert not done.returncode, done.stderr
    by_case: dict[str, str] = json.loads(done.stdout)
    assert by_case.pop("level") == level
    return by_case


def test_the_widest_level_is_the_default() -> None:
    assert cpu.choose("") == cpu.supported[-1]
    assert "scalar" in cpu.supported


@pytest.mark.long
@pytest.mark.skipif(len(cpu.supported) == 1, reason="this machine has one level")
def test_the_widest_level_has_the_bits_of_scalar_code() -> None:
    assert digests(cpu.supported[-1]) == digests("scalar")


@pytest.mark.long
@pytest.mark.skipif(len(cpu.supported) < 3, reason="this machine has no level between")
def test_every_level_has_the_same_bits() -> None:
    scalar, *wider = map(digests, cpu.supported[:-1])
    for level, by_case in zip(cpu.supported[1:-1], wider, strict=True):
        assert by_case == scalar, f"{level} differs from scalar"


def test_an_unknown_level_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"PRETZEL_CPU=sse9: the level is unknown; leave it unset, or .* scalar"):
        cpu.choose("sse9")


def test_an_unsupported_level_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "supported", ("scalar",))
    with pytest.raises(ValueError, match=r"PRETZEL_CPU=avx512: this machine does not run it; .* scalar"):
        cpu.choose("avx512")


def test_the_variable_is_read_when_kernels_are_loaded() -> None:
    done = python("sse9", "-c", "import pretzel.kernels.dense.linear")
    assert "ValueError: PRETZEL_CPU=sse9" in done.stderr
