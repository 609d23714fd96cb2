"""`pretzel explain`: a summary of a model's costs; with --verbose, how it was optimized."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from pretzel.cli.options import CONTROL, Control, Json, Name, Timeout
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.controls import escaped, visible


def explain(
    name: Name,
    format: Annotated[Literal["text", "json", "dot", "mermaid", "svg"], typer.Option(help="Output format.")] = "text",
    verbose: Annotated[bool, typer.Option("--verbose", help="Include the plan before and after each rule.")] = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Show how the optimizer rewrote a model."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        as_json = json or format == "json"
        text = plane.explain(name, format="json" if as_json else format, verbose=verbose)
    print(escaped(text) if as_json else visible(text))
