"""`pretzel deploy`: a file becomes a version, with its progress shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from pretzel.cli import output
from pretzel.cli.estimators import load_model
from pretzel.cli.files import read_sample
from pretzel.cli.options import CONTROL, Control, Json, Outputs, Timeout
from pretzel.client import ControlPlane
from pretzel.client.deployment import Progress as Report
from pretzel.client.deployment import silent
from pretzel.errors import NotFoundError
from pretzel.plan.model import ModelVersion


def deploy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the model.")],
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A library's own format, skops, joblib, pickle, or a saved definition."
        ),
    ],
    sample: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Rows to verify the plan on, in a file that `pretzel predict` takes."
        ),
    ] = None,
    tolerance: Annotated[float | None, typer.Option(min=0, help="Relative difference allowed on the sample.")] = None,
    weights: Annotated[
        Literal["exact", "f32", "f16", "sparse"],
        typer.Option(help="How to hold large weights; not exact: if the sample's answers stay within the tolerance."),
    ] = "exact",
    alias: Annotated[str, typer.Option(help="Alias to point at the version; empty for none.")] = "stable",
    wait: Annotated[bool, typer.Option(help="Wait until all workers serve it.")] = True,
    outputs: Outputs = None,
    trust: Annotated[list[str] | None, typer.Option(help="A type that a skops file may hold.")] = None,
    control: Control = CONTROL,
    timeout: Timeout = 300,
    json: Json = False,
) -> None:
    """Deploy a model from a file."""
    with ControlPlane(control, timeout=timeout) as plane:
        _check(name, plane)
        model = load_model(file, trust or ())
        rows = read_sample(sample, model) if sample else None
        with _progress(not json) as report:
            options = {} if weights == "exact" else {"weights": weights}
            version = plane.deploy(
                name,
                model,
                sample=rows,
                tolerance=tolerance,
                alias=alias,
                wait=wait,
                options=options,
                outputs=outputs,
                progress=report,
            )
    if json:
        output.print_json(version)
    else:
        _print(version)


def _print(version: ModelVersion) -> None:
    size = output.size(version.parameter_bytes)
    print(f"{version} is deployed: plan {version.plan.short}, {size} of parameters")
    held = version.metadata.get("weights")
    if held:
        exact, worst = output.size(held["exact_bytes"]), max(version.metadata["measured_error"].values(), default=0.0)
        print(f"weights as {held['form']}: {size} instead of {exact}; largest error on the sample {worst:.2g}")
    if not version.metadata.get("verified", False):
        print("not verified: give --sample", file=sys.stderr)


def _check(name: str, plane: ControlPlane) -> None:
    """Let the control plane refuse a name before the file is opened, which may take long and runs what is in it."""
    if "@" in name or ":" in name:
        raise typer.BadParameter(f"model name {name!r}: versions are numbered by the server; give aliases by --alias")
    with suppress(NotFoundError):
        plane.describe(name)


@contextmanager
def _progress(shown: bool) -> Iterator[Report]:
    """A line that tells the step, with a bar while bytes go up; on standard error, and only for people."""
    console = output.console(error=True)
    if not shown or not console.is_terminal:
        yield silent
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("export", total=None)

        def report(step: str, done: int, total: int) -> None:
            progress.update(task, description=step, completed=done, total=total or None)

        yield report
