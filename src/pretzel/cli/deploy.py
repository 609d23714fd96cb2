"""`pretzel deploy`: deploy a file as a new version, with a progress bar."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from pretzel.cli import options, output
from pretzel.cli.estimators import load_model
from pretzel.cli.files import sample_batch
from pretzel.cli.labels import pairs
from pretzel.cli.options import CONTROL, Control, Json, Outputs, Timeout
from pretzel.cli.sources.fetching import model_file
from pretzel.cli.tables.batch import Batch
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.deployment import Progress as Report
from pretzel.client.deployment import silent
from pretzel.client.endpoint import Budget
from pretzel.client.golden import SAMPLE_ROWS
from pretzel.errors import InputError, NotFoundError, PretzelError, VerificationError
from pretzel.plan.controls import visible
from pretzel.plan.model import ModelVersion
from pretzel.plan.units import size

_NO_NEWS = (RuntimeWarning, DeprecationWarning, PendingDeprecationWarning, ResourceWarning, ImportWarning)
"""Warnings of NumPy about arithmetic, and categories that Python hides by default."""


def deploy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the model.")],
    file: options.ModelFile,
    sample: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Rows to verify the plan on, in any format of `pretzel predict`."
        ),
    ] = None,
    sample_rows: Annotated[
        int, typer.Option(min=1, help="The most rows to verify on, spread over the sample.")
    ] = SAMPLE_ROWS,
    tolerance: Annotated[float | None, typer.Option(min=0, help="Relative difference allowed on the sample.")] = None,
    weights: Annotated[
        Literal["exact", "f32", "f16", "sparse"],
        typer.Option(help="Storage of large weights; other than exact only if the sample stays within tolerance."),
    ] = "exact",
    alias: Annotated[str, typer.Option(help="Alias to point to the version; empty for none.")] = "stable",
    wait: Annotated[bool, typer.Option(help="Wait until every worker serves it.")] = True,
    outputs: Outputs = None,
    python: Annotated[
        Literal["isolated"] | None,
        typer.Option(help="Send the code of steps that cannot be opened, for side processes; needs --sample."),
    ] = None,
    label: Annotated[list[str] | None, typer.Option(help="key=value, a label of the model. Repeat for more.")] = None,
    owner: Annotated[str, typer.Option(help="Owner of the model.")] = "",
    note: Annotated[str, typer.Option(help="A note on this version.")] = "",
    version_label: Annotated[list[str] | None, typer.Option(help="key=value, a label of this version.")] = None,
    if_version: IfVersion = None,
    if_edition: IfEdition = None,
    override_freeze: OverrideFreeze = False,
    trust: Annotated[list[str] | None, typer.Option(help="A type to allow in a skops file.")] = None,
    format: options.FormatOf = "auto",
    header: options.Header = None,
    column: options.Columns = None,
    na: options.Missing = None,
    no_na: options.NoMissing = False,
    types: options.Types = None,
    delimiter: options.Delimiter = None,
    decimal: options.Decimal = ".",
    control: Control = CONTROL,
    timeout: Timeout = 300,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Deploy a model from a file; the options for rows apply to the sample."""
    reading = options.reading_of(format, header, column, na, no_na, types, delimiter, decimal)
    arguments: dict[str, Any] = {
        "labels": pairs(label or [], "--label"),
        "version_labels": pairs(version_label or [], "--version-label"),
    }
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane, _warnings_after():
        _check(name, plane)
        with model_file(file) as path, output.waiting(f"opening {file}", shown=not json):
            model = load_model(path, trust or ())
        rows = sample_batch(sample, model, reading) if sample else None
        newest = None if json else _newest(name, plane)
        arguments |= {
            "owner": owner,
            "note": note,
            "tolerance": tolerance,
            "alias": alias,
            "wait": wait,
            "sample_rows": sample_rows,
            "outputs": outputs,
            "python": python,
            "terms": terms_of(if_version, if_edition, override_freeze),
        }
        arguments["options"] = {} if weights == "exact" else {"weights": weights}
        with _progress(not json) as report, _located(rows):
            version = plane.deploy(name, model, sample=rows.X if rows else None, progress=report, **arguments)
    if json:
        output.print_json(version)
    else:
        _print(version, alias, newest)


def _print(version: ModelVersion, alias: str, newest: int | None) -> None:
    held_bytes = size(version.parameter_bytes)
    print(f"{version} is deployed: plan {version.plan.short}, {held_bytes} of parameters")
    state = [] if newest is None else ["unchanged, the version exists" if version.version <= newest else "new"]
    if parts := [*state, *([f"alias {alias} -> {version.version}"] if alias else [])]:
        print("; ".join(parts))
    if version.dropped:
        print(f"deleted older versions without an alias: {', '.join(map(str, version.dropped))}")
    held = version.metadata.get("weights")
    if held:
        exact, worst = size(held["exact_bytes"]), max(version.metadata["measured_error"].values(), default=0.0)
        print(f"weights as {held['form']}: {held_bytes} instead of {exact}; largest error on the sample {worst:.2g}")
    if version.metadata.get("verified", False):
        print(version.verification)
    elif version.metadata.get("unverified"):
        print(version.verification, file=sys.stderr)
    else:
        print("not verified: pass --sample to verify it", file=sys.stderr)


@contextmanager
def _located(rows: Batch | None) -> Iterator[None]:
    """Translate errors about a row of the sample to the line of its file."""
    try:
        yield
    except (InputError, VerificationError) as error:
        text = rows.translated(str(error)) + rows.first_cause(str(error)) if rows else str(error)
        if rows is None or text == str(error):
            raise
        located = type(error)(f"{rows.label}: {text}")
        for note in getattr(error, "__notes__", ()):
            located.add_note(note)
        raise located from error


@contextmanager
def _warnings_after() -> Iterator[None]:
    """Show each warning of a library once, after the progress bar, except those about arithmetic or for developers."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            news = [str(warning.message) for warning in caught if not issubclass(warning.category, _NO_NEWS)]
            for text in dict.fromkeys(news):
                print(f"warning: {visible(' '.join(text.split()))}", file=sys.stderr)


def _newest(name: str, plane: ControlPlane) -> int | None:
    """Return the number of the newest version, 0 without versions, None if the control plane cannot answer."""
    try:
        return plane.model(name).versions[-1].version
    except NotFoundError:
        return 0
    except PretzelError:
        return None


def _check(name: str, plane: ControlPlane) -> None:
    """Let the control plane reject a name before the file is opened, which may take long and run code."""
    if "@" in name or ":" in name:
        raise typer.BadParameter(f"model name {name!r}: the server numbers versions; use --alias for an alias")
    with suppress(NotFoundError):
        plane.describe(name)


@contextmanager
def _progress(shown: bool) -> Iterator[Report]:
    """Show the step, with a bar during uploads, on standard error if that is a terminal."""
    console = output.console(error=True)
    if not shown or not console.is_terminal:
        yield silent
        return
    parts = map(output.WithTotal, (BarColumn(), DownloadColumn(), TransferSpeedColumn()))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), *parts)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("export", total=None)

        def report(step: str, done: int, total: int) -> None:
            progress.update(task, description=step, completed=done, total=total or None)

        yield report
