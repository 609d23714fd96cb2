"""Load from `h2load`, in C: latencies of each call from its log, closed or at a given rate."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.load import framed

GRPC = ("-H", "content-type: application/grpc", "-H", "te: trailers")
JSON = ("--h1", "-H", "content-type: application/json")
_COUNTS = re.compile(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed")
SPARE_SECONDS = 30


@dataclass(frozen=True)
class Call:
    """One row for one model, as a server takes it."""

    url: str
    body: bytes
    """The JSON document; of gRPC, the message."""
    grpc: bool = False


@dataclass(frozen=True)
class Answered:
    """The calls of a load, which all succeeded."""

    seconds: float
    latencies: list[float]
    """Seconds of each call, in the order of their ends."""


def load(call: Call, seconds: float, concurrency: int, rate: float = 0.0) -> Answered:
    """Send a call again and again; ``rate`` calls per second in all, or by each connection when it is answered.

    Raises:
        RuntimeError: a call failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        body, log = Path(folder) / "body", Path(folder) / "log"
        body.write_bytes(framed(call.body) if call.grpc else call.body)
        command = ["h2load", "-c", str(concurrency), "-m", "1", "-d", str(body), "--log-file", str(log)]
        command += GRPC if call.grpc else JSON
        if rate:  # h2load takes a whole number for each connection; its pace is steady
            per = max(1, round(rate / concurrency))
            command += ["--rps", str(per), "-n", str(max(1, int(per * seconds)) * concurrency)]
        else:
            command += ["-D", f"{max(100, int(1000 * seconds))}ms"]
        ran = subprocess.run([*command, call.url], capture_output=True, text=True, timeout=seconds + SPARE_SECONDS)
        counts = _COUNTS.search(ran.stdout)
        if ran.returncode or counts is None or counts[3] != "0" or counts[2] == "0":
            said = (ran.stderr or ran.stdout).strip().splitlines() or ["nothing"]
            raise RuntimeError(f"h2load lost calls: {counts[0] if counts else said[-1][:200]}")
        return _read(log)


def _read(log: Path) -> Answered:
    rows = [tuple(map(int, line.split("\t")[:3])) for line in log.read_text().splitlines()]
    if bad := [status for _, status, _ in rows if status != 200]:
        raise RuntimeError(f"{len(bad)} calls ended with status {bad[0]}")
    begun, ended = min(start for start, _, _ in rows), max(start + taken for start, _, taken in rows)
    return Answered((ended - begun) / 1e6, [taken / 1e6 for _, _, taken in rows])
