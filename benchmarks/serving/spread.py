"""Connections over two serving processes: calls per second, and the share of the busier process, for few connections.

Each trial opens new connections by `h2load`, 4 calls in flight on each; a call takes some hundred microseconds of one
core.  With ``--rate`` the load is open: so many calls per second, shared equally by the connections.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.serving.load import framed
from benchmarks.serving.worker import worker
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

WIDTH, HEADS = 1000, 400
_TICK = os.sysconf("SC_CLK_TCK")
_RATE = re.compile(r"finished in .*?, ([\d.]+) req/s")
_MEAN = re.compile(r"time for request: +\S+ +(\S+) +(\S+)")


def definition() -> Definition:
    """Return a model whose row takes a few hundred microseconds."""
    weights = np.random.default_rng(0).normal(size=(WIDTH, HEADS))
    return Definition({"predict": ops.Linear(ops.Input("x", f"f64[{WIDTH}]"), Parameter.of(weights))})


def seconds_of(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def trial(
    ready: dict[str, object], body: str, connections: int, seconds: float, rate: float
) -> tuple[float, float, str]:
    """Measure over new connections."""
    url = f"http://127.0.0.1:{ready['port']}/pretzel.v1.PredictionService/Predict"
    command = ["h2load", "-c", str(connections), "-m", "4", "-d", body, "-H", "content-type: application/grpc"]
    command += ["-H", "te: trailers", "-D", f"{seconds:g}", *(["--rps", str(rate / connections)] if rate else []), url]
    pids = list(ready["processes"])
    time.sleep(0.2)  # until the servers have seen that the connections of the last trial are closed
    before = [seconds_of(pid) for pid in pids]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    used = [seconds_of(pid) - start for pid, start in zip(pids, before, strict=True)]
    found, times = _RATE.search(printed), _MEAN.search(printed)
    assert found, printed
    return float(found[1]), max(used) / sum(used), f"{times[1]} {times[2]}" if times else ""


def main() -> None:
    """Print a line for each number of connections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, nargs="+", default=[2, 4, 8, 16])
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=0.0)
    asked = parser.parse_args()
    row = np.random.default_rng(1).normal(size=(1, WIDTH))
    message = pb.PredictRequest(model="m", columns=columns_to_proto({"x": row})).SerializeToString()
    with tempfile.TemporaryDirectory() as cache, tempfile.NamedTemporaryFile() as body:
        Path(body.name).write_bytes(framed(message))
        with worker(Path(cache), {"m": definition()}, "--workers", "2") as ready:
            for connections in asked.connections:
                trials = [trial(ready, body.name, connections, asked.seconds, asked.rate) for _ in range(asked.trials)]
                rates, shares, times = zip(*trials, strict=True)
                print(
                    f"{connections:3d} connections: {statistics.mean(rates):7.0f} calls/s "
                    f"(least {min(rates):.0f}), busier process {statistics.mean(shares):.0%} (most {max(shares):.0%})"
                    f"; slowest and mean call of each trial: {', '.join(times)}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
