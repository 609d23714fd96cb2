"""Answers are written atomically, and a long prediction shows its progress."""

import io
import os
import signal
import stat
from pathlib import Path

import pytest
from rich.console import Console

from pretzel.cli import answers, output


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_text("a,b\n" + "1,2\n" * 20 + "old,3\n")
    return tmp_path / "x.csv"


def test_a_failure_in_a_later_batch_leaves_the_old_file(run, worker, rows: Path) -> None:
    out = rows.parent / "out.csv"
    out.write_text("old answers\n")
    ran = run("predict", "m", rows, "--out", out, "--batch", "5")
    assert (ran.code, out.read_text()) == (3, "old answers\n")
    assert f"{rows}: line 22, column 'a': expected a number, got 'old'" in ran.err
    assert sorted(path.name for path in rows.parent.iterdir()) == ["out.csv", "x.csv"]


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError, BrokenPipeError])
def test_an_interrupted_run_leaves_the_old_file(tmp_path: Path, end: type[BaseException]) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    with pytest.raises(end), answers.open_output(out) as file:
        file.write("new")
        file.flush()
        raise end
    assert (out.read_text(), os.listdir(tmp_path)) == ("old", ["out.csv"])


def test_a_run_that_is_terminated_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit, match="143"), answers.open_output(out) as file:
        file.write("new")
        os.kill(os.getpid(), signal.SIGTERM)
        signal.sigtimedwait([], 10)
    assert (out.read_text(), os.listdir(tmp_path)) == ("old", ["out.csv"])
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with answers.open_output(link) as file:
        file.write("new")
    assert (target.read_text(), link.is_symlink()) == ("new", True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_pipes_and_devices_are_written_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with answers.open_output(pipe) as file:
        file.write("first\n")
        file.flush()
        assert os.read(reader, 100) == b"first\n"
    os.close(reader)
    with answers.open_output(Path("/dev/null")) as file:
        file.write("x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_missing_directory_is_named(run, worker, rows: Path) -> None:
    ran = run("predict", "m", rows, "--out", rows.parent / "no" / "out.csv")
    assert (ran.code, f"{rows.parent}/no/out.csv: No such file or directory" in ran.err) == (3, True)


@pytest.mark.parametrize("after", [0.0, 3600.0])
def test_a_long_prediction_shows_its_progress(run, worker, tmp_path: Path, monkeypatch, after: float) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr("pretzel.cli.output.console", lambda error=False: terminal)
    monkeypatch.setattr(output, "AFTER_SECONDS", after)
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"a": [1.0] * 30, "b": [2.0] * 30}), tmp_path / "x.parquet")
    assert run("predict", "m", tmp_path / "x.parquet", "--batch", "10", "--out", tmp_path / "out.csv").code == 0
    assert ("30 of 30 rows" in screen.getvalue()) == (after == 0.0)


def test_every_batch_uses_the_described_version(run, worker, rows: Path) -> None:
    rows.write_text("a,b\n" + "1,2\n" * 20)
    calls = []
    worker.distort = lambda outputs: (calls.append(1), worker.numbers.update(m=2), outputs)[-1]
    ran = run("predict", "m", rows, "--batch", "5", "--method", "decision_function")
    assert (len(calls), {*ran.out.splitlines()[1:]}) == (4, {"3.0"})
