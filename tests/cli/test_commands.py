"""The list of commands, what it imports, and the help of each at 80 columns."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pretzel.cli import main
from pretzel.cli.commands import COMMANDS

HEAVY = ("grpc", "numpy", "pandas", "sklearn", "sqlalchemy", "alembic", "pretzel.client.blocking", "pretzel.loadgen")


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    return text


def test_every_command_is_listed_on_one_line(capsys):
    text = printed(capsys, "--help")
    lines = [line.split("│")[1].split() for line in text.splitlines() if "│" in line]
    for name, entry in COMMANDS.items():
        assert [name, *entry.help.split()] in lines


@pytest.mark.parametrize("name", [*(name for name in COMMANDS if name not in ("control-plane", "worker", "bench"))])
def test_the_help_of_each_command(capsys, name: str):
    assert f"pretzel {name}" in printed(capsys, name, "--help")


def test_an_unknown_command(capsys):
    assert main(["modelz"]) == 2
    assert "No such command 'modelz'" in capsys.readouterr().err


def test_help_and_up_import_little():
    program = (
        "import sys, pretzel.cli; pretzel.cli.main(sys.argv[1:]); import pretzel.cli.up;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", program, "--help"], capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines()[-1] == "[]", ran.stderr
