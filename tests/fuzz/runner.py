"""A campaign's side of its child: started again when it died, killed when it hangs, and its fault given a name."""

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
class Ran:
    """What came of one input."""

    news: int = 0
    """Edges that were new."""
    fault: str = ""
    """A name that tells this fault from others, or nothing."""
    details: str = ""


class Runner:
    """Runs inputs of one target in a child."""

    def __init__(self, name: str, shared: Path, seconds: float = 10.0, watched: str = WATCHED) -> None:
        """Give each input ``seconds``."""
        self.command = [sys.executable, "-m", "tests.fuzz.child", name, str(shared), watched]
        self.seconds = seconds
        self.child: subprocess.Popen[bytes] | None = None
        self.errors = tempfile.TemporaryFile()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.errors.close()

    def run(self, data: bytes) -> Ran:
        """Run one input."""
        waits = self.seconds if self.child else START_SECONDS
        child = self.child or self._start()
        assert child.stdin and child.stdout
        try:
            child.stdin.write(LENGTH.pack(len(data)) + data)
            child.stdin.flush()
        except BrokenPipeError:
            return self._died()
        if not select.select([child.stdout], [], [], waits)[0]:
            return self._hung()
        head = child.stdout.read(ANSWER.size)
        if len(head) < ANSWER.size:
            return self._died()
        news, length = ANSWER.unpack(head)
        fault, _, details = child.stdout.read(length).decode().partition("\n")
        if fault in ("memory",) or fault.startswith("MemoryError"):
            self.stop()  # what it holds would be charged to the next
        return Ran(news, fault, details)

    def stop(self) -> None:
        """End the child."""
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

    def _said(self) -> str:
        self.errors.seek(0)
        return self.errors.read()[-20_000:].decode(errors="replace")

    def _died(self) -> Ran:
        assert self.child
        status = self.child.wait()
        said = self._said()
        found = _SUMMARY.search(said)
        self.stop()
        name = (
            next(filter(None, found.groups()))
            if found
            else signal.strsignal(-status)
            if status < 0
            else f"exit {status}"
        )
        return Ran(0, f"died: {_short(name or str(status))}", said)

    def _hung(self) -> Ran:
        assert self.child
        self.child.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and "most recent call first" not in self._said():
            time.sleep(0.05)
        time.sleep(0.1)
        said = self._said()
        self.stop()
        found = _HUNG.search(said)
        return Ran(0, f"hung at {found[1]}" if found else "hung", said)


def _short(name: str) -> str:
    """Return the name of a fault without what differs from build to build."""
    return re.sub(r"\S*/(?=\S)|0x[0-9a-f]+", "", name)[:160]
