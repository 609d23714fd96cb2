"""Run the child process of a campaign: restart it after a crash, kill it if it hangs, and name its faults."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.child import ANSWER, LENGTH, WATCHED

ROOT = Path(__file__).parents[2]
START_SECONDS = 300.0
_SUMMARY = re.compile(r"SUMMARY: \w+: (.+)|(\S+: runtime error: .+)")
_HUNG = re.compile(rf'File ".*?{WATCHED}(.+?)", line (\d+)')


@dataclass(frozen=True)
class Outcome:
    """The result of one input."""

    new_edges: int = 0
    """Number of edges that no earlier input reached."""
    fault: str = ""
    """A name that identifies this fault, or an empty string."""
    details: str = ""


class Runner:
    """Run inputs of one target in a child process."""

    def __init__(self, name: str, shared: Path, seconds: float = 10.0, watched: str = WATCHED) -> None:
        """Limit each input to ``seconds``."""
        self.command = [sys.executable, "-m", "tests.fuzz.child", name, str(shared), watched]
        self.seconds = seconds
        self.child: subprocess.Popen[bytes] | None = None
        self.errors = tempfile.TemporaryFile()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.errors.close()

    def run(self, data: bytes) -> Outcome:
        """Run one input."""
        timeout = self.seconds if self.child else START_SECONDS
        child = self.child or self._start()
        assert child.stdin and child.stdout
        try:
            child.stdin.write(LENGTH.pack(len(data)) + data)
            child.stdin.flush()
        except BrokenPipeError:
            return self._died()
        if not select.select([child.stdout], [], [], timeout)[0]:
            return self._hung()
        head = child.stdout.read(ANSWER.size)
        if len(head) < ANSWER.size:
            return self._died()
        new_edges, length = ANSWER.unpack(head)
        fault, _, details = child.stdout.read(length).decode().partition("\n")
        if fault in ("memory",) or fault.startswith("MemoryError"):
            self.stop()  # its memory would count against the next input
        return Outcome(new_edges, fault, details)

    def stop(self) -> None:
        """Kill the child if it runs."""
        if self.child:
            self.child.kill()
            self.child.communicate()
            self.child = None

    def _start(self) -> subprocess.Popen[bytes]:
        self.errors.seek(0)
        self.errors.truncate()
        environment = os.environ | {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.child = subprocess.Popen(
            self.command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors
        )
        return self.child

    def _stderr(self) -> str:
        self.errors.seek(0)
        return self.errors.read()[-20_000:].decode(errors="replace")

    def _died(self) -> Outcome:
        assert self.child
        status = self.child.wait()
        stderr = self._stderr()
        summary = _SUMMARY.search(stderr)
        self.stop()
        name = (
            next(filter(None, summary.groups()))
            if summary
            else signal.strsignal(-status)
            if status < 0
            else f"exit {status}"
        )
        return Outcome(0, f"died: {_short(name or str(status))}", stderr)

    def _hung(self) -> Outcome:
        assert self.child
        self.child.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and "most recent call first" not in self._stderr():
            time.sleep(0.05)
        time.sleep(0.1)
        stderr = self._stderr()
        self.stop()
        place = _HUNG.search(stderr)
        return Outcome(0, f"hung at {place[1]}" if place else "hung", stderr)


def _short(name: str) -> str:
    """Return the name of a fault without paths and addresses, which differ between builds."""
    return re.sub(r"\S*/(?=\S)|0x[0-9a-f]+", "", name)[:160]
