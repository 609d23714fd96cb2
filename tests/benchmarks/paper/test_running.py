"""Runs of the evaluation continue after they were killed, and end in one line where they cannot."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest

import benchmarks.paper.__main__ as command
from benchmarks.paper import results, running
from tests.benchmarks.paper import program

ROOT = Path(__file__).parents[3]
SECONDS = 60


class Run(Protocol):
    def __call__(self, second: str, *arguments: str) -> tuple[int, str, str]: ...


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["--ten", "--results", str(tmp_path / "r.json"), "--folder", str(tmp_path / "models")]


def start(second: str, *arguments: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-u", "-m", "tests.benchmarks.paper.program", second, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: each of its own takes seconds to begin."""
    for name in ("EXPERIMENTS", "made"):
        monkeypatch.setattr(command, name, getattr(command, name))

    def run(second: str, *arguments: str) -> tuple[int, str, str]:
        code = program.main(second, arguments)
        return (code, *capsys.readouterr())

    return run


def until_it_waits(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert any("second at" in line for line in process.stdout)


def stored(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "r.json").read_text())
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_was_ended_continues(number: signal.Signals, run: Run, options: list[str], tmp_path: Path) -> None:
    with start("wait", *options) as process:
        until_it_waits(process)
        process.send_signal(number)
        _, err = process.communicate(timeout=SECONDS)
    if number != signal.SIGKILL:
        assert process.returncode == 130 and err.strip().endswith("the next run continues after the last result")
    before = stored(tmp_path)["experiments"]
    assert list(before) == ["first"] and not list(tmp_path.glob(".*"))
    code, out, err = run("pass", *options)
    assert code == 0, err
    assert "first: taken over from" in out and "first at" not in out
    after = stored(tmp_path)["experiments"]
    assert list(after) == ["first", "second"] and after["first"] == before["first"]
    assert "## Second" in (tmp_path / "r.md").read_text()


def test_again_measures_once_more(run: Run, options: list[str], tmp_path: Path) -> None:
    assert run("pass", *options)[0] == 0
    code, out, _ = run("pass", *options, "--again", "--only", "second")
    assert code == 0 and "[1/1] second" in out and "taken over" not in out
    assert list(stored(tmp_path)["experiments"]) == ["first", "second"]


def test_results_of_another_commit_are_kept_and_named(run: Run, options: list[str], tmp_path: Path) -> None:
    assert run("pass", *options)[0] == 0
    document = stored(tmp_path)
    document["experiments"]["first"]["commit"] = "0ld"
    (tmp_path / "r.json").write_text(json.dumps(document))
    code, out, _ = run("pass", *options)
    assert code == 0 and "first: taken over from" in out and "at another commit, 0ld" in out
    assert "at another commit than the rest, `0ld`" in (tmp_path / "r.md").read_text()


def test_a_skipped_experiment_is_a_line_of_the_report(run: Run, options: list[str], tmp_path: Path) -> None:
    code, out, _ = run("skip", *options)
    said = "The experiment second: skipped: no rival here; install one with --install"
    assert code == 0 and said in (tmp_path / "r.md").read_text()
    assert "second: skipped: no rival here" in out


def test_a_failed_experiment_does_not_end_the_others_and_is_measured_again(
    run: Run, options: list[str], tmp_path: Path
) -> None:
    code, _, _ = run("fail", *options)
    assert code == 1 and stored(tmp_path)["experiments"]["second"]["failed"] == "ValueError: the answer is wrong"
    assert "second: failed: ValueError: the answer is wrong" in (tmp_path / "r.md").read_text()
    code, _, _ = run("pass", *options)
    assert code == 0 and "found" in stored(tmp_path)["experiments"]["second"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"format": "pretzel paper evalu', "is torn; remove it, or name another file with --results"),
        ('{"rows": []}', "is not a result of this program; name another file with --results"),
        (f'{{"format": "{results.FORMAT}"}}', "lacks fields of a result; remove it, or name another file"),
    ],
)
def test_a_torn_or_foreign_file_is_refused_and_kept(
    run: Run, content: str, said: str, options: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "r.json"
    path.write_text(content)
    code, _, err = run("pass", *options)
    assert code == 2 and f"{path}: {said}" in err and err.count("\n") == 1
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("size", "small", "holds results of the size 'small', not 'ten'"),
        ("workloads", {}, "holds results of another workload SA"),
        ("circumstances", {}, "holds results of another machine"),
    ],
)
def test_results_of_another_run_are_refused(
    key: str, value: Any, said: str, run: Run, options: list[str], tmp_path: Path
) -> None:
    assert run("pass", *options)[0] == 0
    (tmp_path / "r.json").write_text(json.dumps(stored(tmp_path) | {key: value}))
    code, _, err = run("pass", *options)
    assert code == 2 and said in err and "--again" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--corpus", "/nowhere.tsv"], "--corpus /nowhere.tsv: is not a file; name a file of lines `label<TAB>text`"),
        (["--only", "third"], "--only third: expected some of first, second"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_measured(
    more: list[str], said: str, run: Run, options: list[str]
) -> None:
    code, out, err = run("pass", *options, *more)
    assert code == 2 and said in err and err.count("\n") == 1 and not out


def test_too_little_memory_is_said(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(running.NEEDED_BYTES, "ten", 1 << 60)
    with pytest.raises(results.StoppedError, match=r"'ten' needs .* GiB of memory, and .* end other programs"):
        running.run(running.Options("ten", results=tmp_path / "r.json"), (), lambda *given: pytest.fail())  # type: ignore[arg-type]


def test_two_runs_are_compared(run: Run, options: list[str], tmp_path: Path) -> None:
    assert run("pass", *options)[0] == 0
    other = stored(tmp_path)
    other["experiments"]["first"]["found"]["headline"] = {"SA, members": 8, "more": 1.5}
    (tmp_path / "b.json").write_text(json.dumps(other))
    code, out, _ = run("pass", "compare", str(tmp_path / "r.json"), str(tmp_path / "b.json"))
    assert code == 0 and "## first" in out
    assert "| SA, members | 4 | 8 | 2 |" in out and "| more | - | 1.5 | - |" in out
    code, _, err = run("pass", "compare", str(tmp_path / "r.json"), str(tmp_path / "missing.json"))
    assert code == 2 and "missing.json: cannot be read: No such file" in err
