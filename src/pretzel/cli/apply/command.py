"""The command `pretzel apply`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pretzel.cli import failures, output
from pretzel.cli.apply import manifest
from pretzel.cli.apply.deploying import Outcome, Work, apply_all, delete, left_over
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.controls import visible
from pretzel.plan.units import duration


def apply(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILES]...", help="Model files, named like their models; or -f.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", dir_okay=False, help="A manifest: names, files, samples, aliases.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would change.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete the models of the manifest's set that it no longer lists.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Deploy also files that have not changed.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Models deployed at a time.")] = 4,
    wait: Annotated[bool, typer.Option(help="Wait until every worker serves each model.")] = True,
    control: Control = CONTROL,
    timeout: Timeout = 3600,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> int:
    """Deploy many models; those whose files have not changed are left as they are."""
    if bool(files) == bool(file):
        raise typer.BadParameter("expected model files, or a manifest with -f")
    wanted = manifest.read(file) if file else manifest.of_files(files or [])
    if prune and wanted.set is None:
        raise typer.BadParameter("--prune needs a manifest with a name of its `set`: only its models are deleted")
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        outcomes = _run(Work(plane, wanted, dry_run, again, wait), prune, jobs, shown=not json)
    if json:
        output.print_json([_plain(outcome) for outcome in outcomes])
    else:
        _print(outcomes, dry_run)
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0


def _run(work: Work, pruned: bool, jobs: int, shown: bool) -> list[Outcome]:
    # Before anything changes, so that a server that cannot be reached is one error, not one per model.
    work.plane.models(work.manifest.entries[0].name if work.manifest.entries else "")
    unlisted = left_over(work) if pruned else []
    if shown and not work.dry:
        output.warn("pickled models are opened here, which runs code in them; apply only files that you trust")
    with _progress(len(work.manifest.entries), shown) as done:
        outcomes = list(apply_all(work, jobs, done))
    return outcomes + list(delete(work, unlisted))


def _print(outcomes: list[Outcome], dry: bool) -> None:
    rows = [
        (outcome.model, outcome.state, outcome.version or "", duration(outcome.seconds), outcome.verification)
        for outcome in outcomes
    ]
    output.print_table(("model", "state", "version", "time", "verification"), rows, fold=("model", "verification"))
    for outcome in outcomes:
        for line in outcome.warnings:
            output.warn(f"{outcome.model}: {line}")
    for outcome in outcomes:
        if outcome.error is not None:
            output.console(error=True).print(
                f"failed: {outcome.model}: {visible(failures.summary(outcome.error))}", markup=False, soft_wrap=True
            )
    counts = Counter(outcome.state for outcome in outcomes)
    print(("would be: " if dry else "") + ", ".join(f"{count} {state}" for state, count in counts.items()))


def _plain(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error and failures.summary(outcome.error)
    return {key: value for key, value in (vars(outcome) | {"error": error}).items() if value not in (None, [], "")}


@contextmanager
def _progress(total: int, shown: bool) -> Iterator[Callable[[Outcome], None]]:
    console = output.console(error=True)
    if not shown or not console.is_terminal:
        yield lambda outcome: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("deploying", total=total)
        yield lambda outcome: progress.update(task, advance=1, description=outcome.model[:40])
