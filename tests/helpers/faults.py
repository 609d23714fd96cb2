"""Calls of a server that fail as a disk or a machine would, switched while it runs (see `faults.c`)."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("faults.c")


class Faults:
    """The library, built, and the file that steers it."""

    def __init__(self, directory: Path) -> None:
        self.library, self.rules = directory / "faults.so", directory / "faults.rules"
        self.rules.write_text("")
        command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(self.library), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def environment(self) -> dict[str, str]:
        """What a process needs to be started with."""
        return {"LD_PRELOAD": str(self.library), "FAULT_RULES": str(self.rules)}

    @contextmanager
    def failing(self, call: str, number: int, part: str):
        """Fail those calls while the block runs."""
        self._set(f"{call} {number} {part}\n")
        try:
            yield
        finally:
            self._set("")

    def _set(self, text: str) -> None:
        beside = self.rules.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, self.rules)


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Faults:
    """One library for all tests of a file."""
    return Faults(tmp_path_factory.mktemp("faults"))
