"""System calls of real processes, made to fail while they run; see interpose.c for the format of a rule."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("interpose.c")
ALL, HALF = -1, -2
"""Counts of a rule that makes every call fail, or every second one, until it is lifted."""


def build(directory: Path, source: Path = SOURCE) -> Path:
    """Compile a library into a directory, unless it exists, and return its path."""
    library = directory / f"{source.stem}.so"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        built = directory / f"{source.stem}.{os.getpid()}.so"
        command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", built, source, "-ldl", "-lpthread"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        built.replace(library)
    return library


class Faults:
    """Faults of the processes that run under one control file."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.library, self.control = build(directory), directory / "control"

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a process that shall meet the faults; its children inherit them."""
        return {"LD_PRELOAD": str(self.library), "FAULTS_CONTROL": str(self.control)}

    def fail(self, *rules: tuple[str, int | str, int, str]) -> None:
        """Make calls fail from now on: (call, errno or `short` or `slow:200`, count or ALL, part of the path)."""
        lines = "".join(f"{call} {error} {count} {path}\n" for call, error, count, path in rules)
        with tempfile.NamedTemporaryFile("w", dir=self.control.parent, delete=False) as file:
            file.write(lines)
        os.replace(file.name, self.control)

    def lift(self) -> None:
        """Let every call succeed again."""
        self.fail()

    @contextmanager
    def failing(self, *rules: tuple[str, int | str, int, str]) -> Iterator[None]:
        """Make calls fail while the block runs."""
        self.fail(*rules)
        try:
            yield
        finally:
            self.lift()

    def met(self, call: str | None = None) -> int:
        """Return the number of calls that were made to fail so far."""
        lines = (line for path in self.control.parent.glob("control.*.count") for line in path.read_text().splitlines())
        return sum(1 for line in lines if call is None or line.split()[0] == call)
