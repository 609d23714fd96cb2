"""`pretzel models`: a table of the deployed models, or all that is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.labels import OfVersions, Owner, Search, Selector, selection, written
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.placement import hints_text
from pretzel.cli.tls import TlsFiles
from pretzel.cli.traffic import aliases_text
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.model import Model
from pretzel.plan.units import size


def models(
    prefix: Annotated[str, typer.Argument(help="Only models whose names start with this.")] = "",
    selector: Selector = "",
    owner: Owner = "",
    search: Search = "",
    versions: OfVersions = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also owners, labels, notes and verifications, a block per model.")
    ] = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """List the models, their versions and their aliases."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        listed, held = plane.models(prefix, **selection(selector, owner, search, versions)), plane.held_back(prefix)
    if json:
        output.print_json(listed)
    elif verbose:
        _print_blocks(listed)
    else:
        print_models(listed)
    names = {model.name for model in listed}
    for item in held:
        if item.model in names or not (selector or owner or search):
            output.warn(f"{item.model}: worker {item.worker} does not serve the published version: {item.reason}")


def print_models(listed: Sequence[Model]) -> None:
    """Print a table of models that fits the terminal."""
    output.print_table(("model", "versions", "aliases", "newest", "size"), map(_row, listed), fold=("model", "aliases"))


def _row(model: Model) -> tuple[object, ...]:
    newest = model.versions[-1] if model.versions else None
    numbers = _numbers([version.version for version in reversed(model.versions)])
    if newest is None:
        return model.name, numbers, aliases_text(model), "", ""
    return (
        model.name,
        numbers,
        aliases_text(model),
        output.when(newest.created, seconds=False),
        size(newest.parameter_bytes),
    )


def _numbers(newest_first: list[int], most: int = 3) -> str:
    """List version numbers; of many, the newest two and the count of the others."""
    if len(newest_first) <= most:
        return ", ".join(map(str, newest_first))
    return f"{newest_first[0]}, {newest_first[1]}, ... {len(newest_first) - 2} more"


def _print_blocks(listed: Sequence[Model]) -> None:
    for position, model in enumerate(listed):
        if position:
            print()
        output.print_pairs(_block(model))


def _block(model: Model) -> list[tuple[str, object]]:
    numbers = _numbers([version.version for version in reversed(model.versions)])
    lines: list[tuple[str, object]] = [("model", model.name), *written(model), ("versions", numbers)]
    lines += [("aliases", aliases_text(model))] if model.aliases else []
    lines += [("hints", text)] if (text := hints_text(model.hints)) else []
    if model.versions:
        newest = model.versions[-1]
        lines += [("newest", f"{output.when(newest.created, seconds=False)}, {size(newest.parameter_bytes)}")]
        lines += [("", newest.verification)]
    for version in model.versions:
        lines += [(f"@{version.version} {key}", text) for key, text in written(version)]
    return lines
