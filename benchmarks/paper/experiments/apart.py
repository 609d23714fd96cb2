"""Run a function in a new process whose libraries use one thread each."""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
END_SECONDS = 5.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Apart:
    """A function that runs in a process of its own."""

    process: BaseProcess
    connection: Connection

    def send(self, value: Any) -> None:
        """Give the function a value, which it receives from its connection."""
        self.connection.send(value)

    def receive(self, progress: Say = lambda text: None) -> Any:
        """Return the next value that the function sends, or its result.

        Raises:
            RuntimeError: it failed; the message is its last line.
        """
        while True:
            try:
                kind, value = self.connection.recv()
            except EOFError:
                self.process.join(END_SECONDS)
                raise RuntimeError(f"the process ended with {self.process.exitcode}") from None
            if kind == "failed":
                raise RuntimeError(value)
            if kind == "value":
                return value
            progress(value)


@dataclass(frozen=True)
class Inside:
    """The other end, which the function gets as its first argument."""

    connection: Connection

    def say(self, text: str) -> None:
        """Say in a few words what is measured next."""
        self.connection.send(("progress", text))

    def send(self, value: Any) -> None:
        """Send a value."""
        self.connection.send(("value", value))

    def receive(self) -> Any:
        """Return the next value that was given."""
        return self.connection.recv()


@contextmanager
def started(function: Callable[..., Any], *arguments: Any) -> Iterator[Apart]:
    """Start a function of a module, with :class:`Inside` before its arguments, and end its process afterwards."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_run, args=(theirs, function, arguments), daemon=True)
    with _environment(dict.fromkeys(THREADS, "1")), _importable():
        process.start()
    theirs.close()
    try:
        yield Apart(process, ours)
    finally:
        ours.close()
        process.join(END_SECONDS)
        if process.is_alive():
            process.terminate()
            process.join(END_SECONDS)


def run(function: Callable[..., Any], *arguments: Any, progress: Say) -> Any:
    """Return the result of a function that runs in a process of its own.

    Raises:
        RuntimeError: it failed; the message is its last line.
    """
    with started(function, *arguments) as apart:
        return apart.receive(progress)


def _run(connection: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        connection.send(("value", function(Inside(connection), *arguments)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass  # the other side is gone
    except Exception as error:
        connection.send(("failed", traceback.format_exception_only(error)[-1].strip()))


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables, which a process inherits that is started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _importable() -> Iterator[None]:
    """Let a process that is started meanwhile import this package, wherever this one has it from."""
    before = list(sys.path)
    sys.path.append(str(ROOT))
    try:
        yield
    finally:
        sys.path[:] = before
