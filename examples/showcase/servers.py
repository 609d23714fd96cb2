"""Run a control plane and a worker on this machine with `pretzel up`."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS, STOP_SECONDS = 60.0, 45.0


@dataclass(frozen=True, slots=True)
class Servers:
    """Running servers: their addresses, and the id of their parent process."""

    worker: str
    control: str
    pid: int


@contextlib.contextmanager
def up() -> Iterator[Servers]:
    """Start a control plane and one worker on free ports, and stop both at the end.

    Raises:
        RuntimeError: they are not ready in time; the message has their output.
    """
    program = str(Path(sys.executable).with_name("pretzel"))
    ports = ["--port=0", "--control-port=0", "--metrics-port=0", "--http=0", "--control-metrics-port=0"]
    with tempfile.TemporaryDirectory(prefix="pretzel-demo-") as directory:
        log = Path(directory, "log")
        command = [program, "up", "--json", f"--data-dir={directory}/data", *ports]
        with log.open("wb") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
        try:
            ready = json.loads(_line(process, log))
            yield Servers(ready["predictions"], ready["control"], process.pid)
        finally:
            _stop(process)


def _line(process: subprocess.Popen[bytes], log: Path) -> bytes:
    """Wait for the ready line, which has the addresses."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if selector.select(READY_SECONDS) else b""
    if not line:
        raise RuntimeError(f"`pretzel up` was not ready in {READY_SECONDS:.0f} s:\n{log.read_text()[-4000:]}")
    return line


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
