"""`pretzel up`: run a control plane and workers on this machine as supervised child processes."""

from __future__ import annotations

import asyncio
import json as json_lines
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pretzel.cli import output
from pretzel.cli.children import Server, run
from pretzel.cli.options import Json
from pretzel.cli.servers import warn_of_unknown_settings, with_server_extra


def _setting(name: str, help_line: str, **limits: Any) -> Any:
    return typer.Option(envvar=f"PRETZEL_{name}", help=help_line, **limits)


def _port(name: str, service: str) -> Any:
    return _setting(name, f"Port of {service}; 0 takes a free one.", min=0, max=65535)


def up(
    workers: Annotated[int, _setting("WORKERS", "Serving processes.", min=1, max=256)] = 1,
    port: Annotated[int, _port("PORT", "predictions")] = 8001,
    control_port: Annotated[int, _port("CONTROL_PORT", "the control plane")] = 8101,
    metrics_port: Annotated[int, _port("METRICS_PORT", "the workers' metrics")] = 8002,
    control_metrics_port: Annotated[int, _port("CONTROL_METRICS_PORT", "the control plane's metrics")] = 0,
    data_dir: Annotated[Path, _setting("DATA_DIR", "Directory of the store.")] = Path("pretzel-data"),
    new: Annotated[bool, _setting("NEW", "Start a new epoch, without models, if the catalog is lost.")] = False,
    replaces: Annotated[str, _setting("REPLACES", "Epoch of the store that the new one replaces.")] = "",
    host: Annotated[str, _setting("HOST", "Address to listen on.")] = "127.0.0.1",
    insecure: Annotated[bool, _setting("INSECURE", "Allow addresses that other machines can reach.")] = False,
    log_level: Annotated[str, _setting("LOG_LEVEL", "`debug`, `info`, `warning` or `error`.")] = "warning",
    json: Json = False,
) -> int:
    """Run a control plane and workers on this machine until SIGTERM or Ctrl-C."""
    with_server_extra(warn_of_unknown_settings)
    both = [f"--host={host}", f"--log-level={log_level}", *(["--insecure"] if insecure else [])]
    epoch = [*(["--new"] if new else []), *([f"--replaces={replaces}"] if replaces else [])]
    control = Control([*both, *epoch, f"--data-dir={data_dir / 'control'}"], control_port, control_metrics_port)
    worker = Worker(
        [*both, f"--workers={workers}", f"--cache-dir={data_dir / 'worker'}"], port, metrics_port, control, _near(host)
    )
    return asyncio.run(run([control, worker], lambda: _print_ready(control, worker, _near(host), json)))


class Control(Server):
    """The control plane; a restart uses the same port."""

    def __init__(self, options: Sequence[str], port: int, metrics_port: int) -> None:
        super().__init__("control plane")
        self._options, self._port, self._metrics_port = options, port, metrics_port

    def arguments(self) -> list[str]:
        ports = [f"--port={self.ready.get('port', self._port)}", f"--metrics-port={self._metrics_port}"]
        return ["control-plane", *self._options, *ports]


class Worker(Server):
    """The worker; a restart uses the same ports and the current port of the control plane."""

    def __init__(self, options: Sequence[str], port: int, metrics_port: int, control: Control, host: str) -> None:
        super().__init__("worker")
        self._options, self._ports = options, {"port": port, "metrics_port": metrics_port}
        self._control, self._host = control, host

    def arguments(self) -> list[str]:
        current = self._ports | self.ready
        ports = [f"--port={current['port']}", f"--metrics-port={current['metrics_port']}"]
        return ["worker", *self._options, *ports, f"--control-plane={self._host}:{self._control.ready['port']}"]


def _near(host: str) -> str:
    """Return the address at which this machine reaches a server that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)


def _print_ready(control: Server, worker: Server, host: str, json: bool) -> None:
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
