"""`pretzel up`: run a control plane and workers on this machine as supervised child processes."""

from __future__ import annotations

import asyncio
import json as json_lines
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pretzel.cli import output
from pretzel.cli.children import Server, run
from pretzel.cli.console_server import Console, of_up
from pretzel.cli.options import Json
from pretzel.cli.servers import warn_of_unknown_settings, with_server_extra
from pretzel.serving.listeners import is_loopback
from pretzel.targets import TOKEN, TOKEN_FILE


def _setting(name: str, help_line: str, **limits: Any) -> Any:
    return typer.Option(envvar=f"PRETZEL_{name}", help=help_line, **limits)


def _port(name: str, service: str) -> Any:
    return _setting(name, f"Port of {service}; 0 takes a free one.", min=0, max=65535)


def up(
    workers: Annotated[int, _setting("WORKERS", "Serving processes.", min=1, max=256)] = 1,
    memory_budget: Annotated[str, _setting("MEMORY_BUDGET", "Memory for models per process, as `2GiB`.")] = "",
    port: Annotated[int, _port("PORT", "predictions")] = 8001,
    control_port: Annotated[int, _port("CONTROL_PORT", "the control plane")] = 8101,
    metrics_port: Annotated[int, _port("METRICS_PORT", "the workers' metrics")] = 8002,
    control_metrics_port: Annotated[int, _port("CONTROL_METRICS_PORT", "the control plane's metrics")] = 0,
    http: Annotated[
        str, _setting("HTTP", "Address of HTTP and JSON: a port of the host, `host:port`, `unix:/path` or `off`.")
    ] = "8080",
    console: Annotated[
        str,
        typer.Option(envvar="PRETZEL_CONSOLE", help="Pages that show the state: a port, `host:port`, `auto` or `off`."),
    ] = "auto",
    data_dir: Annotated[Path, _setting("DATA_DIR", "Directory of the store.")] = Path("pretzel-data"),
    new: Annotated[bool, _setting("NEW", "Start a new epoch, without models, if the catalog is lost.")] = False,
    replaces: Annotated[str, _setting("REPLACES", "Epoch of the store that the new one replaces.")] = "",
    host: Annotated[str, _setting("HOST", "Address to listen on.")] = "127.0.0.1",
    listen: Annotated[str, _setting("LISTEN", "Further addresses of predictions: `unix:/path`, `host:port`.")] = "",
    control_listen: Annotated[str, _setting("CONTROL_LISTEN", "Further addresses of the control plane.")] = "",
    socket_mode: Annotated[str, _setting("SOCKET_MODE", "Permissions of Unix sockets, octal.")] = "0600",
    tls_cert: Annotated[Path | None, _setting("TLS_CERT", "PEM certificate of the servers; turns TLS on.")] = None,
    tls_key: Annotated[Path | None, _setting("TLS_KEY", "PEM key of the certificate.")] = None,
    tls_client_ca: Annotated[
        Path | None, _setting("TLS_CLIENT_CA", "PEM authorities of clients; each then needs a certificate.")
    ] = None,
    identities: Annotated[
        Path | None, _setting("IDENTITIES", "TOML file of identities and roles; each call then needs a credential.")
    ] = None,
    metrics_access: Annotated[
        str, _setting("METRICS_ACCESS", "Who may read metrics: `open`, the default, or `closed`.")
    ] = "",
    insecure: Annotated[bool, _setting("INSECURE", "Allow plain text on addresses that others can reach.")] = False,
    log_level: Annotated[str, _setting("LOG_LEVEL", "`debug`, `info`, `warning` or `error`.")] = "warning",
    json: Json = False,
) -> int:
    """Run a control plane and workers on this machine until SIGTERM or Ctrl-C."""
    if not json:
        print(_starting(workers, data_dir), file=sys.stderr, flush=True)
    with_server_extra(warn_of_unknown_settings)
    tls = _given(tls_cert=tls_cert, tls_key=tls_key, tls_client_ca=tls_client_ca)
    both = [f"--host={host}", f"--log-level={log_level}", f"--socket-mode={socket_mode}", *tls]
    both += ["--insecure"] if insecure else []
    both += _given(identities=identities, metrics_access=metrics_access)
    own = [*both, *_given(replaces=replaces), f"--data-dir={data_dir / 'control'}", *(["--new"] if new else [])]
    its = [*both, *_given(listen=listen, memory_budget=memory_budget)]
    its += [f"--workers={workers}", f"--cache-dir={data_dir / 'worker'}"]
    near, scheme = _near(host), "https" if tls else "http"
    with _private_directory() as directory:
        # The file of settings, which the servers read, may name identities as well.
        token = _worker_token(directory) if identities or os.environ.get("PRETZEL_CONFIG") else None
        # A token does not travel as plain text over the address of a network, even if that is of this machine.
        private = f"unix:{directory}/control" if tls or (token and not is_loopback(near)) else ""
        own += _given(control_listen=",".join(filter(None, (control_listen, private))), worker_token_file=token)
        its += _given(control_token_file=token)
        control = Control(own, control_port, control_metrics_port)
        worker = Worker(its, {"port": port, "metrics_port": metrics_port, "http": http}, control, private or near)
        console = _console(console, identities)
        shown = of_up(console, insecure, control, private or near, tls_cert, tls_key)
        return asyncio.run(_run(control, worker, near, scheme, json, shown))


async def _run(control: Server, worker: Server, near: str, scheme: str, json: bool, console: Console | None) -> int:
    def started(server: Server) -> None:
        if not json and server is control:
            at = f"{near}:{control.ready['port']}"
            print(f"the control plane is ready at {at}; starting the workers", file=sys.stderr, flush=True)

    def ready() -> None:
        _print_ready(control, worker, near, scheme, json, {"console": console.url} if console else {})

    return await run([control, worker], ready, started, [console] if console else [])


def _starting(workers: int, data_dir: Path) -> str:
    """Return the first line, which is printed before anything is loaded that takes long."""
    several = f"{workers} workers" if workers > 1 else "a worker"
    return f"starting a control plane and {several}; models are kept in {data_dir}/"


def _given(**settings: object) -> list[str]:
    """Return the options of settings that have a value."""
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items() if value]


@contextmanager
def _private_directory() -> Iterator[str]:
    """Yield a directory that only this user can read, for what the servers share.

    By a socket in it, the worker calls the control plane without a certificate: that of the servers need not be valid
    for the address of this machine.
    """
    with tempfile.TemporaryDirectory(prefix="pretzel-") as directory:  # its mode is 0700, and its path short
        yield directory


def _worker_token(directory: str) -> Path:
    """Return a file with a new token, by which the control plane knows the worker."""
    from pretzel.serving.identity.tokens import new_token

    file = Path(directory, "worker-token")
    file.write_text(new_token())
    return file


def _console(where: str, identities: Path | None) -> str:
    """Return where the console listens: with identities, it needs a token to see anything."""
    if where == "auto" and identities and not (os.environ.get(TOKEN_FILE) or os.environ.get(TOKEN)):
        print(f"no console: it needs a token with the role read on all models, by {TOKEN_FILE}", file=sys.stderr)
        return "off"
    return where


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

    def __init__(self, options: Sequence[str], ports: dict[str, object], control: Control, host: str) -> None:
        """Reach the control plane at its port of ``host``, or at a Unix socket."""
        super().__init__("worker")
        self._options, self._ports = options, ports
        self._control, self._host = control, host

    def arguments(self) -> list[str]:
        current = self._ports | self.ready
        ports = [f"--port={current['port']}", f"--metrics-port={current['metrics_port']}"]
        ports.append(f"--http={current['http'] or 'off'}")
        at = self._host if self._host.startswith("unix:") else f"{self._host}:{self._control.ready['port']}"
        return ["worker", *self._options, *ports, f"--control-plane={at}"]


def _near(host: str) -> str:
    """Return the address at which this machine reaches a server that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)


def _http(address: str, scheme: str) -> str:
    """Return the address of HTTP as clients write it."""
    if address.startswith("unix:"):
        return address
    host, _, port = address.rpartition(":")
    return f"{scheme}://{_near(host)}:{port}"


def _print_ready(
    control: Server, worker: Server, host: str, scheme: str, json: bool, further: Mapping[str, str]
) -> None:
    grpc = "https://" if scheme == "https" else ""
    where = {
        "predictions": f"{grpc}{host}:{worker.ready['port']}",
        **({"http": _http(str(worker.ready["http"]), scheme)} if worker.ready["http"] else {}),
        "control": f"{grpc}{host}:{control.ready['port']}",
        "metrics": f"{scheme}://{host}:{worker.ready['metrics_port']}/metrics",
        "control_metrics": f"{scheme}://{host}:{control.ready['metrics_port']}/metrics",
        **further,
    }
    if json:
        print(json_lines.dumps({"event": "ready", "pid": os.getpid(), **where}), flush=True)
    else:
        output.print_pairs([("pretzel is up", "Ctrl-C stops it"), *where.items()])
        sys.stdout.flush()
