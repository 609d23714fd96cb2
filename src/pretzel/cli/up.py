"""`pretzel up`: a control plane and workers on this machine, as children of one process that keeps them alive."""

from __future__ import annotations

import asyncio
import json as json_lines
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pretzel.cli import output
from pretzel.cli.options import Json
from pretzel.cli.servers import PARENT
from pretzel.errors import UnavailableError

START_SECONDS = 60.0
STOP_SECONDS = 20.0
"""How long a server may drain before it is killed."""
PAUSE_SECONDS = 0.5
"""Between the death of a server and its successor; a signal to the whole group shows in that time."""


def up(
    workers: Annotated[int, typer.Option(envvar="PRETZEL_WORKERS", min=1, max=256, help="Serving processes.")] = 1,
    port: Annotated[
        int, typer.Option(envvar="PRETZEL_PORT", min=0, max=65535, help="Port for predictions; 0 takes any.")
    ] = 8001,
    control_port: Annotated[
        int,
        typer.Option(envvar="PRETZEL_CONTROL_PORT", min=0, max=65535, help="Port of the control plane; 0 takes any."),
    ] = 8101,
    metrics_port: Annotated[
        int,
        typer.Option(
            envvar="PRETZEL_METRICS_PORT", min=0, max=65535, help="Port of the workers' metrics; 0 takes any."
        ),
    ] = 8002,
    control_metrics_port: Annotated[
        int,
        typer.Option(
            envvar="PRETZEL_CONTROL_METRICS_PORT",
            min=0,
            max=65535,
            help="Port of the control plane's metrics; 0 takes any.",
        ),
    ] = 0,
    data_dir: Annotated[Path, typer.Option(envvar="PRETZEL_DATA_DIR", help="Where models are kept.")] = Path(
        "pretzel-data"
    ),
    host: Annotated[str, typer.Option(envvar="PRETZEL_HOST", help="Address to listen on.")] = "127.0.0.1",
    insecure: Annotated[
        bool, typer.Option("--insecure", envvar="PRETZEL_INSECURE", help="Allow addresses that others can reach.")
    ] = False,
    log_level: Annotated[
        str, typer.Option(envvar="PRETZEL_LOG_LEVEL", help="`debug`, `info`, `warning` or `error`.")
    ] = "warning",
    json: Json = False,
) -> int:
    """Start a control plane and workers here, until SIGTERM or Ctrl-C."""
    both = [f"--host={host}", f"--log-level={log_level}", *(["--insecure"] if insecure else [])]

    def control_arguments(known: dict[str, Any]) -> list[str]:
        ports = [f"--port={known.get('port', control_port)}", f"--metrics-port={control_metrics_port}"]
        return ["control-plane", *both, *ports, f"--data-dir={data_dir / 'control'}"]

    def worker_arguments(known: dict[str, Any]) -> list[str]:
        ports = [f"--port={known.get('port', port)}", f"--metrics-port={known.get('metrics_port', metrics_port)}"]
        where = [f"--control-plane={_reachable(host)}:{control.ready['port']}", f"--cache-dir={data_dir / 'worker'}"]
        return ["worker", *both, *ports, *where, f"--workers={workers}"]

    control = Server("control plane", control_arguments)
    worker = Server("worker", worker_arguments)
    return asyncio.run(_run(control, worker, lambda: _tell(control, worker, _reachable(host), json)))


def _reachable(host: str) -> str:
    """The address by which this machine reaches a server that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)


def _tell(control: Server, worker: Server, host: str, json: bool) -> None:
    where = {
        "predictions": f"{host}:{worker.ready['port']}",
        "control": f"{host}:{control.ready['port']}",
        "metrics": f"http://{host}:{worker.ready['metrics_port']}/metrics",
        "control_metrics": f"http://{host}:{control.ready['metrics_port']}/metrics",
    }
    if json:
        print(json_lines.dumps({"event": "ready", "pid": os.getpid(), **where}), flush=True)
    else:
        output.print_pairs([("pretzel is up", "Ctrl-C stops it"), *where.items()])
        sys.stdout.flush()


async def _run(control: Server, worker: Server, ready: Callable[[], None]) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        for server in (control, worker):
            await _unless(stop, server.start())
        if not stop.is_set():
            ready()
            await _unless(stop, asyncio.gather(control.keep(), worker.keep()))
    finally:
        # Workers first: they say farewell to the control plane.
        await worker.stop()
        await control.stop()
    return 0


async def _unless(stop: asyncio.Event, work: Any) -> None:
    """Do some work, unless told to stop before or meanwhile; what fails, raises."""
    task, stopped = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Server:
    """One server as a child process, begun again on the same ports when it dies."""

    def __init__(self, name: str, arguments: Callable[[dict[str, Any]], list[str]]) -> None:
        self.name, self._arguments = name, arguments
        self.ready: dict[str, Any] = {}
        """What its ready line said: ports that were free to choose are kept from then on."""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and return when it answers.

        Raises:
            UnavailableError: it ended, or said nothing in time.
        """
        command = [sys.executable, "-P", "-m", "pretzel.cli", *self._arguments(self.ready)]
        environment = os.environ | {PARENT: str(os.getpid())}
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=pipe, stdin=asyncio.subprocess.DEVNULL, env=environment
        )
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise UnavailableError(f"the {self.name} is not ready after {START_SECONDS:.0f} s") from None
        if not line:
            raise UnavailableError(f"the {self.name} ended with exit code {await self._process.wait()}; see above")
        self.ready = json_lines.loads(line)

    async def keep(self) -> None:
        """Start it again whenever it dies."""
        while True:
            assert self._process is not None
            code = await self._process.wait()
            await asyncio.sleep(PAUSE_SECONDS)
            print(f"warning: the {self.name} ended with exit code {code}, and is started again", file=sys.stderr)
            await self.start()

    async def stop(self) -> None:
        """Ask it to end, and end it if it takes too long."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
