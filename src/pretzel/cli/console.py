"""`pretzel console`: pages that show what is deployed and how it is served."""

from __future__ import annotations

import os
import socket
from typing import Annotated

import typer

from pretzel.cli.console_server import LOOPBACK, PORT, listen, missing
from pretzel.cli.options import CONTROL
from pretzel.cli.servers import PARENT
from pretzel.cli.tls import TlsFiles, files_of
from pretzel.errors import UnsupportedError


def console(
    control: Annotated[
        str,
        typer.Option(
            "--control-plane", envvar="PRETZEL_CONTROL_PLANE", help="Address of the control plane; several with commas."
        ),
    ] = CONTROL,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = PORT,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name under which browsers reach it. Repeat for more.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow an address that others can reach: they see all pages.")
    ] = False,
    descriptor: Annotated[int | None, typer.Option("--descriptor", hidden=True)] = None,
    *,
    tls: TlsFiles,
) -> int:
    """Serve pages that show models, load and sharing, until SIGTERM or Ctrl-C; nothing can be changed there."""
    if parent := os.environ.pop(PARENT, ""):
        from pretzel.serving.parent import die_with

        die_with(int(parent))
    if lacking := missing():
        raise UnsupportedError(f"the console needs {lacking}; pip install 'pretzel[console]'")
    from pretzel.console.app import Plane
    from pretzel.console.serve import run

    listener = socket.socket(fileno=descriptor) if descriptor is not None else listen(host, port, insecure)
    run(listener, Plane(control, files_of(tls), tls["token_file"], tls["insecure_token"]), name or ())
    return 0
