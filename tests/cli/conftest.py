"""Run commands in process against small real services."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pretzel.cli import main
from tests.client.services import Control, Worker, serving


@dataclass
class Ran:
    """The output and the exit code of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys, monkeypatch) -> Callable[..., Ran]:
    """Return a function that runs one command line."""
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def worker(monkeypatch) -> Iterator[Worker]:
    served = Worker(m=2, wide=3)
    with serving(served) as port:
        monkeypatch.setenv("PRETZEL_SERVER", f"127.0.0.1:{port}")
        yield served


@pytest.fixture
def control(monkeypatch) -> Iterator[Control]:
    served = Control()
    with serving(served) as port:
        monkeypatch.setenv("PRETZEL_CONTROL_PLANE", f"127.0.0.1:{port}")
        yield served
