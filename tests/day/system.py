"""The system of the day: two control planes over PostgreSQL and S3, and three workers, each restarted when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

import pretzel
from tests.faults.cluster import free_ports
from tests.faults.process import Kept
from tests.helpers.postgresql import Postgresql
from tests.helpers.s3 import KEYS, S3
from tests.helpers.s3_proxy import Proxy

PLANES, WORKERS = "ab", 3
KERNEL_SET, FORMER, NEWER = "PRETZEL_KERNEL_SET", "1", "2"
"""The variable that names the kernels of a server, and the names before and after the upgrade."""
PROCESSES = 1
"""Serving processes of a worker; the machine of the script has few cores."""


class State:
    """A database that flushes its disk, and an S3 server, whose conditional uploads a proxy adds."""

    def __init__(self, stack: ExitStack) -> None:
        """Start both; they end with the stack."""
        self.database = stack.enter_context(closing(Postgresql(durable=True)))
        self.objects = stack.enter_context(closing(S3()))
        self._proxy = stack.enter_context(closing(Proxy(self.objects)))
        self._proxy.conditional = True

    def place(self) -> dict[str, str]:
        """Return the URLs of an empty catalog and an empty store."""
        catalog = self.database.url(self.database.create())
        return {"catalog": catalog, "store": self.objects.url(endpoint=self._proxy.endpoint)}


class System:
    """The servers over one catalog and one store."""

    def __init__(
        self,
        root: Path,
        place: dict[str, str],
        planes: str = PLANES,
        workers: int = WORKERS,
        kernel_set: str = FORMER,
    ) -> None:
        """Start the servers, all with some kernels; :meth:`close` ends them."""
        self.root, self.place = root, place
        self._kernels = {KERNEL_SET: kernel_set}
        ports = free_ports(2 * (len(planes) + workers))
        pairs = list(zip(ports[::2], ports[1::2], strict=True))
        self._control_ports = [port for port, _ in pairs[: len(planes)]]
        self._worker_ports = [port for port, _ in pairs[len(planes) :]]
        self.planes = [self._plane(name, *pair) for name, pair in zip(planes, pairs, strict=False)]
        for plane in self.planes:
            plane.wait_ready()
        self.workers = [self._worker(number, *pair) for number, pair in enumerate(pairs[len(planes) :])]
        for worker in self.workers:
            worker.wait_ready()

    @property
    def control(self) -> str:
        """The addresses of the control planes."""
        return ",".join(f"127.0.0.1:{port}" for port in self._control_ports)

    @property
    def address(self) -> str:
        """The addresses of all workers, as a client takes them."""
        return "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in self._worker_ports)

    def worker_address(self, number: int) -> str:
        """Return the address of one worker."""
        return f"127.0.0.1:{self._worker_ports[number]}"

    def serves(self, number: int) -> bool:
        """Return whether a worker has its catalog and is ready for calls, as a readiness probe would."""
        with grpc.insecure_channel(self.worker_address(number)) as channel:
            try:
                answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=10)
            except grpc.RpcError:
                return False
        return bool(answer.status == HealthCheckResponse.SERVING)

    def plane(self) -> pretzel.ControlPlane:
        """Return a client of the control planes."""
        return pretzel.ControlPlane(self.control, timeout=60)

    def _plane(self, name: str, port: int, metrics: int) -> Kept:
        where = [f"--data-dir={self.root / name}", f"--port={port}", f"--metrics-port={metrics}"]
        options = [f"--catalog={self.place['catalog']}", f"--store={self.place['store']}", "--keep-versions=0"]
        return Kept(f"control-{name}", self.root, ["control-plane", *where, *options], KEYS | self._kernels)

    def _worker(self, number: int, port: int, metrics: int) -> Kept:
        where = [f"--cache-dir={self.root / f'cache-{number}'}", f"--port={port}", f"--metrics-port={metrics}"]
        options = [f"--control-plane={self.control}", f"--workers={PROCESSES}", f"--worker=worker-{number}"]
        return Kept(f"worker-{number}", self.root, ["worker", *where, *options, "--http=off"], self._kernels)

    def close(self) -> None:
        """Stop the servers, workers first."""
        for server in (*self.workers, *self.planes):
            server.close()


@contextmanager
def running(root: Path) -> Iterator[tuple[State, System]]:
    """Run a system over an empty database and an empty store, and stop everything."""
    with ExitStack() as stack:
        state = State(stack)
        system = stack.enter_context(closing(System(root, state.place())))
        yield state, system
