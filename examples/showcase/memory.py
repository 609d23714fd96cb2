"""The memory of all pipelines: as pickles, as distinct objects, in a worker, and unpickled in a Python process."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from pretzel.v1.control_pb2 import DescribeVersionRequest
from pretzel.v1.control_pb2_grpc import ControlPlaneServiceStub
from showcase.trained import Trained

UNPICKLE = """
import pickle, sys
from pathlib import Path
def pss():
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
pickle.load(sys.stdin.buffer)  # one model loads the library, and is freed
empty = pss()
models = [pickle.load(sys.stdin.buffer) for _ in range(int(sys.argv[1]))]
print(pss() - empty)
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Total bytes of all pipelines."""

    pickled: int
    unpickled: int
    """Growth of a Python process that loads the pickles."""
    in_plans: int
    """Parameters of all plans without sharing."""
    distinct: int
    """Parameters of all plans, each object counted once."""
    empty: int
    """PSS of the worker before the first deployment."""
    loaded: int
    """PSS of the worker after it has scored every model."""

    @property
    def ratio(self) -> float:
        """The growth of the worker as a multiple of its distinct parameters."""
        return (self.loaded - self.empty) / self.distinct


def pickles(models: Iterable[Trained]) -> list[bytes]:
    """Pickle each pipeline separately."""
    return [pickle.dumps(model.estimator, protocol=5) for model in models]


def unpickled_bytes(saved: list[bytes]) -> int:
    """Return the growth of a fresh Python process that loads all pipelines."""
    command = [sys.executable, "-c", UNPICKLE, str(len(saved))]
    answer = subprocess.run(
        command, input=b"".join([saved[0], *saved]), stdout=subprocess.PIPE, check=True, timeout=120
    )
    return int(answer.stdout)


def plan_bytes(control: str, names: Iterable[str]) -> tuple[int, int]:
    """Return the parameter bytes of all plans, without sharing and with each object counted once."""
    with grpc.insecure_channel(control) as channel:
        stub = ControlPlaneServiceStub(channel)
        plans = [stub.DescribeVersion(DescribeVersionRequest(model=name), timeout=30).plan for name in names]
    sizes = [_objects(plan) for plan in plans]
    distinct = {digest: size for plan in sizes for digest, size in plan.items()}
    return sum(sum(plan.values()) for plan in sizes), sum(distinct.values())


def _objects(plan: Any) -> dict[str, int]:
    """Return the size of each distinct parameter of a plan by its hash."""
    digests = [digest for stage in plan.stages for digest in stage.parameters.values()]
    digests += [output.labels for output in plan.outputs if output.HasField("labels")]
    return {digest.hex: digest.size for digest in digests}


def worker_pss(root: int) -> int:
    """Return the proportional set size of the worker, including its supervisor, among the children of `pretzel up`."""
    [worker] = [pid for pid in _children(root) if "worker" in _command(pid)]
    return sum(_pss(pid) for pid in _family(worker))


def _family(pid: int) -> list[int]:
    return [pid, *(descendant for child in _children(pid) for descendant in _family(child))]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _command(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def _pss(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
