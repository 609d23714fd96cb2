"""The engine: finds what is planted, step by step, makes it small, and does the same again under the same seed."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.coverage import Map, built
from tests.fuzz.engine import Campaign, Found
from tests.fuzz.forms import CANONICAL, JSON, PROTOBUF, Form
from tests.fuzz.mutate import MOST, Mutator
from tests.fuzz.runner import Runner
from tests.fuzz.target import load

TOY = "tests.fuzz.toy"
RUNS = 40_000


def campaign(directory: Path, *, seeds: list[bytes], runs: int, seconds: float = 0.5) -> tuple[Found, list[bytes]]:
    directory.mkdir()
    target, shared = load(TOY), directory / "map"
    with Runner(TOY, shared, seconds, watched="fuzz/toy.py") as runner:
        made = Campaign(target, runner, Map(shared), directory / "faults", seed=1)
        return made.run(seeds, runs=runs), made.corpus


def test_a_fault_behind_four_bytes_is_found_and_made_small_and_again(tmp_path: Path) -> None:
    first, corpus = campaign(tmp_path / "first", seeds=[b"none"], runs=RUNS)
    (name,) = [name for name in first.faults if name.startswith("KeyError at")]
    assert first.faults[name] == b"PRE\xff"
    assert (tmp_path / "first" / "faults").glob("KeyError-*")
    assert any(data[:3] == b"PRE" for data in corpus), "kept for what it reached, though it was refused"
    second, again = campaign(tmp_path / "second", seeds=[b"none"], runs=RUNS)
    assert (second.faults, again) == (first.faults, corpus)


@pytest.mark.parametrize(("data", "fault"), [(b"hang for long", "hung"), (b"take it all", "MemoryError at")])
def test_what_hangs_or_takes_all_memory_is_stopped_and_named(data: bytes, fault: str, tmp_path: Path) -> None:
    with Runner(TOY, tmp_path / "map", 1.0, watched="fuzz/toy.py") as runner:
        assert not runner.run(b"PRE").fault
        assert runner.run(data).fault.startswith(fault)
        assert not runner.run(b"PRE").fault, "the next child runs as the first"


def test_a_child_that_dies_is_named_and_followed_by_another(tmp_path: Path) -> None:
    with Runner(TOY, tmp_path / "map", watched="fuzz/toy.py") as runner:
        assert runner.run(b"P").news > 0
        assert runner.child
        runner.child.kill()
        runner.child.wait()
        assert runner.run(b"P").fault == "died: Killed"
        again = runner.run(b"P")
        assert not again.fault and again.news == 0, "what was reached is not forgotten"


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

    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "True", "True", "True"]


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (CANONICAL, CANONICAL.write({"a": [1, 2.5, "text", b"bytes", None], "b": {"c": True}})),
        (JSON, b'{"a": [1, 2.5, "text"], "b": {"c": true}}'),
        (PROTOBUF, bytes.fromhex("0a03780102 1205 0896011a00 2d00000000".replace(" ", ""))),
    ],
    ids=["canonical", "json", "protobuf"],
)
def test_trees_are_changed_and_most_are_trees_still(form: Form, data: bytes) -> None:
    assert form.parse(form.write(form.parse(data))) == form.parse(data)
    change = Mutator(Random(0), form)
    made = {change(data, data) for _ in range(300)}
    assert len(made) > 200 and max(map(len, made)) <= MOST
    assert sum(map(lambda one: _parses(form, one), made)) > len(made) / 3


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
