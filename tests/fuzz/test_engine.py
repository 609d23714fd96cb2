"""Test the engine: it finds planted faults step by step, minimizes them, and is reproducible under one seed."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.coverage import Map, built
from tests.fuzz.engine import Campaign, Findings
from tests.fuzz.forms import CANONICAL, JSON, PROTOBUF, Form
from tests.fuzz.mutate import MAX_BYTES, Mutator
from tests.fuzz.runner import Runner
from tests.fuzz.target import load

TOY = "tests.fuzz.toy"
RUNS = 40_000


def campaign(directory: Path, *, seeds: list[bytes], runs: int, seconds: float = 0.5) -> tuple[Findings, list[bytes]]:
    directory.mkdir()
    target, shared = load(TOY), directory / "map"
    with Runner(TOY, shared, seconds, watched="fuzz/toy.py") as runner:
        fuzzing = Campaign(target, runner, Map(shared), directory / "faults", seed=1)
        return fuzzing.run(seeds, runs=runs), fuzzing.corpus


@pytest.mark.long
def test_a_fault_behind_four_bytes_is_found_minimized_and_reproduced(tmp_path: Path) -> None:
    first, corpus = campaign(tmp_path / "first", seeds=[b"none"], runs=RUNS)
    (name,) = [name for name in first.faults if name.startswith("KeyError at")]
    assert first.faults[name] == b"PRE\xff"
    assert (tmp_path / "first" / "faults").glob("KeyError-*")
    assert any(data[:3] == b"PRE" for data in corpus), "a rejected input with new coverage is kept"
    second, again = campaign(tmp_path / "second", seeds=[b"none"], runs=RUNS)
    assert (second.faults, again) == (first.faults, corpus)


@pytest.mark.parametrize(("data", "fault"), [(b"hang for long", "hung"), (b"take it all", "MemoryError at")])
def test_hangs_and_memory_exhaustion_are_stopped_and_named(data: bytes, fault: str, tmp_path: Path) -> None:
    with Runner(TOY, tmp_path / "map", 1.0, watched="fuzz/toy.py") as runner:
        assert not runner.run(b"PRE").fault
        assert runner.run(data).fault.startswith(fault)
        assert not runner.run(b"PRE").fault, "the next child behaves like the first"


def test_a_dead_child_is_reported_and_replaced(tmp_path: Path) -> None:
    with Runner(TOY, tmp_path / "map", watched="fuzz/toy.py") as runner:
        assert runner.run(b"P").new_edges > 0
        assert runner.child
        runner.child.kill()
        runner.child.wait()
        assert runner.run(b"P").fault == "died: Killed"
        again = runner.run(b"P")
        assert not again.fault and again.new_edges == 0, "coverage survives the child"


def test_edges_of_compiled_code_are_counted(tmp_path: Path) -> None:
    source, library = tmp_path / "toy.c", tmp_path / "toy.so"
    source.write_text("int toy(int x) { if (x == 7) return 1; for (int i = 0; i < x; i++) x--; return x; }")
    flags = ["-shared", "-fPIC", "-O0", "-fsanitize-coverage=trace-pc"]
    subprocess.run(["gcc", *flags, "-o", library, source], check=True)
    script = f"""
import ctypes
from pathlib import Path
from tests.fuzz.coverage import Counter, Map
counter = Counter(Map(Path({str(tmp_path / "map")!r})), "/nothing/")
toy = ctypes.CDLL({str(library)!r}).toy
for x in (0, 0, 7, 3, 40):
    counter.begin()
    toy(x)
    print(counter.end() > 0)
"""
    root = Path(__file__).parents[2]

    process = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["True", "False", "True", "True", "True"]


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (CANONICAL, CANONICAL.write({"a": [1, 2.5, "text", b"bytes", None], "b": {"c": True}})),
        (JSON, b'{"a": [1, 2.5, "text"], "b": {"c": true}}'),
        (PROTOBUF, bytes.fromhex("0a03780102 1205 0896011a00 2d00000000".replace(" ", ""))),
    ],
    ids=["canonical", "json", "protobuf"],
)
def test_mutated_trees_are_diverse_and_often_valid(form: Form, data: bytes) -> None:
    assert form.parse(form.write(form.parse(data))) == form.parse(data)
    change = Mutator(Random(0), form)
    mutants = {change(data, data) for _ in range(300)}
    assert len(mutants) > 200 and max(map(len, mutants)) <= MAX_BYTES
    assert sum(map(lambda mutant: _parses(form, mutant), mutants)) > len(mutants) / 3


def _parses(form: Form, data: bytes) -> bool:
    try:
        form.parse(data)
    except Exception:
        return False
    return True


def test_the_library_is_built_once() -> None:
    first = built().stat().st_mtime_ns
    assert built().stat().st_mtime_ns == first
    assert ctypes.CDLL(str(built())).coverage_edges() > 0
