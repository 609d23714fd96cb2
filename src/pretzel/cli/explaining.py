"""`pretzel explain`: a summary of a model's costs; with --verbose, how it was optimized."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Name, Timeout
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.controls import escaped, visible

Format = Annotated[
    Literal["summary", "text", "json", "dot", "mermaid", "svg"], typer.Option("--format", help="Output format.")
]


def explain(
    name: Name,
    format: Annotated[
        Literal["summary", "text", "json", "dot", "mermaid", "svg"], typer.Option(help="Output format.")
    ] = "summary",
    verbose: Annotated[bool, typer.Option("--verbose", help="The whole text, with the plan after each rule.")] = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Show what a model costs and shares and what would help; with --verbose, how it was optimized."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        as_json = json or format == "json"
        wanted = "json" if as_json else "text" if verbose and format == "summary" else format
        text = plane.explain(name, format=wanted, verbose=verbose, width=output.width())
    print(escaped(text) if as_json else visible(text), end="" if text.endswith("\n") else "\n")
