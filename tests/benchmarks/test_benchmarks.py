"""Run the tools of the benchmarks on tiny cases; times are not asserted."""

import ast
import json
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

import pretzel
from benchmarks import floors, goals, harness, instructions, pages, plot, run
from benchmarks.harness import Row
from benchmarks.kernels import rivals
from benchmarks.machine import Machine, calibrated
from pretzel.errors import UnsupportedError

BENCHMARKS = Path(run.__file__).parent
UNIT = Machine(near_byte=1.0, far_byte=2.0, probe=10.0, compare=0.5, multiply_add=0.25)
ROWS = [
    Row("a case", "A", 1, 2.0, 8.0, 4.0, 3.0, 5.0, 0.5),
    Row("a case", "A", 100, 1.0, 1.0, 1.0, 0.5, 2.0, 0.25),
    Row("another", "B", 1, 2.0, 2500.0, 1250.0, 1000.0, 1500.0),
]
X = np.random.default_rng(0).normal(size=(64, 5))


@pytest.fixture
def fast_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "ROUNDS", 2)
    monkeypatch.setattr(harness, "SAMPLE_SECONDS", 1e-6)
    monkeypatch.setattr(rivals, "BATCHES", (1, 10))


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("kernels/*.py")), ids=lambda path: path.stem)
def test_a_family_declares_measure(path: Path):
    defined = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    is_family = path.stem not in ("__init__", "rivals", "tables")
    assert ("measure" in defined) == is_family
    assert (f"kernels.{path.stem}" in run.benchmarks()) == is_family


def test_chosen_names_and_folders():
    assert list(run.chosen(["kernels.text"])) == ["kernels.text"]
    assert set(run.chosen(["kernels"])) == {name for name in run.benchmarks() if name.startswith("kernels.")}
    assert list(run.chosen([])) == list(run.benchmarks())


def test_both_sides_are_measured_at_each_batch_size(fast_settings: None):
    model = LinearRegression().fit(X, X[:, 0])
    rows = list(rivals.both("a", "scikit-learn", pretzel.compile(model), "predict", model.predict, X))
    assert [row.rows for row in rows] == [1, 10]
    for row in rows:
        assert row.low <= row.ratio <= row.high
        assert min(row.ours_us, row.theirs_us, row.floor_us) > 0


def test_wrong_answers_are_not_timed(fast_settings: None):
    model = LinearRegression().fit(X, X[:, 0])
    wrong = rivals.both("a", "a liar", pretzel.compile(model), "predict", lambda x: model.predict(x) + 1, X)
    with pytest.raises(AssertionError):
        next(wrong)


@pytest.mark.parametrize("error", [ImportError("no module"), ValueError("not this model")])
def test_an_unavailable_rival_is_noted(error: Exception):
    def convert() -> None:
        raise error

    notes: list[str] = []
    model = LinearRegression().fit(X, X[:, 0])
    assert list(rivals.onnx("a", pretzel.compile(model), "predict", convert, X, notes)) == []
    assert notes == [f"a: ONNX Runtime: {type(error).__name__}: {error}"]


def test_onnx_runtime_is_compared(fast_settings: None):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("skl2onnx")
    notes: list[str] = []
    model = LinearRegression().fit(X, X[:, 0])
    convert = lambda: rivals.sklearn_to_onnx(model, X)  # noqa: E731
    rows = list(rivals.onnx("a", pretzel.compile(model), "predict", convert, X, notes))
    assert [(row.rival, row.rows) for row in rows] == [("ONNX Runtime", 1), ("ONNX Runtime", 10)] and not notes


@pytest.mark.parametrize("rows", [1, 64])
def test_the_floor_of_a_dense_product(rows: int):
    served = pretzel.compile(LinearRegression().fit(X, X[:, :3]))
    work, count = floors.work(served, "predict", X[:rows])
    weights = 5 * 3
    assert count == rows
    assert work.multiply_adds == rows * weights
    assert work.bytes >= 8 * rows * (5 + 3) + 8 * weights  # a blob also has a header


def test_the_floor_of_a_tree():
    tree = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0).fit(X, X[:, 0])
    work, _ = floors.work(pretzel.compile(tree), "predict", X)
    assert (work.probes, work.compares) == (64, 64 * 3)


def test_the_floor_of_words():
    vectorizer = CountVectorizer().fit(["one two three"])
    work, _ = floors.work(pretzel.compile(vectorizer), "transform", ["one two", "four"])
    assert work.probes == 3


def test_the_most_expensive_kind_of_work_counts():
    assert floors.Work(bytes=3, probes=1, compares=4, multiply_adds=4).seconds(UNIT) == 10.0
    assert floors.Work(bytes=30, probes=1).seconds(UNIT) == 30.0
    assert floors.Work(bytes=1 << 21).seconds(UNIT) == 2.0 * (1 << 21)  # larger than a cache


def test_the_machine_is_measured_once():
    machine = calibrated()
    assert machine is calibrated()
    for constant in (machine.near_byte, machine.far_byte, machine.probe, machine.compare, machine.multiply_add):
        assert 0 < constant < 1e-5


def test_published_pages(tmp_path: Path):
    pages.publish("few", "What it is.", ROWS, ["C: not installed"], tmp_path)
    page = (tmp_path / "few.md").read_text()
    assert "What it is." in page and "- C: not installed" in page and "(few.svg)" in page
    assert "| a case | 1 | 2 | A | 8 | 4 | 3-5 | 0.5 |" in page
    assert "| another | 1 | 2 | B | 2500 | 1250 | 1000-1500 |  |" in page
    assert list(harness.read(tmp_path / "few.json")) == ROWS
    assert {"commit", "libraries", "processor"} <= json.loads((tmp_path / "few.json").read_text()).keys()


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []], ids=["several", "one", "none"])
def test_equal_results_draw_equal_plots(tmp_path: Path, rows: list[Row]):
    pytest.importorskip("matplotlib")
    for name in ("a.svg", "b.svg"):
        plot.draw(rows, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    picture = ElementTree.parse(tmp_path / "a.svg")
    texts = {element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {row.name for row in rows} | {"floor"} <= texts


def test_goals_met_and_not(tmp_path: Path):
    harness.write(ROWS, tmp_path / "few.json")
    listed = [
        goals.Goal("few", "a case", "A", 1, 4),
        goals.Goal("few", "a case", "A", 100, 1.5),
        goals.Goal("few", "a case", "B", 1, 2),
        goals.Goal("none", "a", "A", 1, 2),
    ]
    verdicts = [line.split(" | ")[-1].strip(" |") for line in goals.page(listed, tmp_path).splitlines()[-4:]]
    assert verdicts == ["met", "**not met**", "not measured", "not measured"]


def test_instructions_need_valgrind(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    case = instructions.Case(lambda: (LinearRegression().fit(X, X[:, 0]), X), "predict")
    with pytest.raises(UnsupportedError, match="valgrind is not on the PATH; install it"):
        instructions.count(case, 1)


def test_instructions_are_the_difference_of_two_runs(monkeypatch: pytest.MonkeyPatch):
    def ran(command: list[str], **_: object) -> SimpleNamespace:
        return SimpleNamespace(returncode=0, stderr=f"==1== Collected : {1000 + 7 * int(command[-1])}")

    monkeypatch.setattr(instructions.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(instructions.subprocess, "run", ran)
    case = instructions.Case(lambda: (LinearRegression().fit(X, X[:, 0]), X), "predict")
    assert instructions.count(case) == 7.0
