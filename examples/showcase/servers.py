"""A control plane and a worker on this machine, started as anyone starts them: `pretzel up`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

READY_SECONDS, STOP_SECONDS = 60.0, 30.0


@dataclass(frozen=True, slots=True)
class Servers:
    """Running servers: where they answer, and the process that all of them descend from."""

    worker: str
    control: str
    pid: int


@contextlib.contextmanager
def up() -> Iterator[Servers]:
    """Start a control plane and one worker on free ports, and stop both at the end.

    Raises:
        RuntimeError: they do not answer in time; the message holds what they wrote.
    """
    with tempfile.TemporaryDirectory(prefix="pretzel-demo-") as directory:
        data, metrics, control = _free_ports(3)
        log = Path(directory, "up.log")
        program = Path(sys.executable).with_name("pretzel")
        command = [program, "up", "--workers=1", f"--port={data}", f"--control-port={control}"]
        command += [f"--metrics-port={metrics}", f"--data-dir={directory}/data"]
        with log.open("wb") as out, _started([str(part) for part in command], directory, out) as process:
            servers = Servers(f"127.0.0.1:{data}", f"127.0.0.1:{control}", process.pid)
            _wait(servers, process, log)
            yield servers


@contextlib.contextmanager
def _started(command: list[str], directory: str, out: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=directory, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(servers: Servers, process: subprocess.Popen[bytes], log: Path) -> None:
    for address in (servers.control, servers.worker):
        with grpc.insecure_channel(address) as channel:
            try:
                grpc.channel_ready_future(channel).result(READY_SECONDS)
            except grpc.FutureTimeoutError:
                state = f"exited with {process.poll()}" if process.poll() is not None else "runs"
                written = log.read_text(errors="replace")[-4000:]
                raise RuntimeError(f"pretzel up {state}, and nothing answers at {address}:\n{written}") from None


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [held.getsockname()[1] for held in sockets]
