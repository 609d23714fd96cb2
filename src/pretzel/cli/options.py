"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Control = Annotated[
    str, typer.Option("--control", envvar="PRETZEL_CONTROL_PLANE", help="Address of the control plane.")
]
Server = Annotated[str, typer.Option("--server", envvar="PRETZEL_SERVER", help="Address of the workers.")]
Timeout = Annotated[float, typer.Option(min=0.001, help="Seconds that the command may wait for servers.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="`name`, `name@version` or `name:alias`.")]

CONTROL = "127.0.0.1:8101"
SERVER = "127.0.0.1:8001"
Outputs = Annotated[
    list[str] | None,
    typer.Option("--output", help="A method to serve; may be repeated.  Without it, all that cost little memory."),
]
