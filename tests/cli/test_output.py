"""Output of commands: tables within the terminal, and the progress of long work."""

from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from pretzel.cli import output

ROWS = [("a" * 50, "short", "2026-12-01 10:00 UTC"), ("b", ", ".join(["alias -> 1"] * 8), "x")]


def table(capsys: pytest.CaptureFixture[str], *fold: str) -> list[str]:
    output.print_table(("name", "aliases", "when"), ROWS, fold=fold)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("columns", "widest"), [("80", 80), ("30", 80), ("100", 100)])
def test_a_table_fits_the_terminal_and_loses_nothing(capsys, monkeypatch, columns: str, widest: int):
    monkeypatch.setenv("COLUMNS", columns)
    lines = table(capsys, "name", "aliases")
    assert max(map(len, lines)) <= widest
    cells = "".join(line.split("│")[1].strip() for line in lines if line.startswith("│"))
    assert "a" * 50 in cells
    assert "\n".join(lines).count("alias -> 1") == 8
    assert any("2026-12-01 10:00 UTC" in line for line in lines)


def test_in_a_pipe_each_row_is_one_line(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert len(table(capsys, "name")) == 4 + len(ROWS)


class Screen(io.StringIO):
    """A terminal with an event that is set when the text was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def write(self, text: str) -> int:
        if "reading" in text:
            self.written.set()
        return super().write(text)


def test_long_work_shows_what_it_does_and_leaves_standard_output_alone(capsys, monkeypatch):
    screen = Screen()
    monkeypatch.setattr(output, "AFTER_SECONDS", 0.0)
    monkeypatch.setattr(output, "console", lambda error: Console(file=screen, force_terminal=True, width=80))
    with output.waiting("reading every object"):
        assert screen.written.wait(30)
        print("a finding")
    assert capsys.readouterr().out == "a finding\n"
    assert "a finding" not in screen.getvalue()


@pytest.mark.parametrize(("terminal", "shown"), [(False, True), (True, False)])
def test_no_progress_in_a_pipe_or_in_json(monkeypatch, terminal: bool, shown: bool):
    screen = Screen()
    monkeypatch.setattr(output, "AFTER_SECONDS", 0.0)
    monkeypatch.setattr(output, "console", lambda error: Console(file=screen, force_terminal=terminal, width=80))
    with output.waiting("reading", shown=shown):
        assert not screen.written.wait(0.05)
    assert screen.getvalue() == ""
