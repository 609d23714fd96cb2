"""Completion in a shell, through the script that Typer writes."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from pretzel.cli import main
from pretzel.cli.commands import COMMANDS


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Return a function that completes a command line, as the script of bash asks for it."""

    def complete(words: str) -> list[str]:
        monkeypatch.setenv("_PRETZEL_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        with pytest.raises(SystemExit):
            main(["--help"])  # arguments are those of the variables
        return capsys.readouterr().out.split()

    return complete


def test_commands_options_and_choices(completed):
    assert completed("pretzel de") == ["deploy", "describe", "delete"]
    assert set(completed("pretzel ")) == set(COMMANDS)
    assert completed("pretzel deploy --wei") == ["--weights"]
    assert completed("pretzel deploy --weights s") == ["sparse"]
    assert completed("pretzel bench c") == ["compare"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_of_bash(tmp_path):
    (tmp_path / "pretzel").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m pretzel.cli "$@"\n')
    (tmp_path / "pretzel").chmod(0o755)
    script = (
        f'PATH={tmp_path}:$PATH; eval "$(_PRETZEL_COMPLETE=source_bash pretzel)"; complete -p pretzel; '
        "COMP_WORDS=(pretzel models --sel); COMP_CWORD=2; _pretzel_completion pretzel; echo ${COMPREPLY[@]}"
    )
    ran = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines() == ["complete -o default -F _pretzel_completion pretzel", "--selector"], ran.stderr
