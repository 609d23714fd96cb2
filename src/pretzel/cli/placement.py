"""`pretzel hints` and `pretzel where`: which workers serve a model, and which keep it loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.labels import labels_text
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.hints import Hints
from pretzel.plan.units import size


def hints(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    pin: Annotated[
        bool | None, typer.Option("--pin/--no-pin", help="Workers that keep it loaded never evict it.")
    ] = None,
    replicas: Annotated[
        int | None,
        typer.Option(help="The least number of workers that keep it loaded; 0: as the control plane is set."),
    ] = None,
    workers: Annotated[
        str | None, typer.Option(help="Labels of the workers that serve it, as `tier=fast`; empty: all.")
    ] = None,
    if_version: IfVersion = None,
    if_edition: IfEdition = None,
    override_freeze: OverrideFreeze = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Change which workers serve a model and which keep it loaded, or show it."""
    given = pin is not None or replicas is not None or workers is not None
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        terms = terms_of(if_version, if_edition, override_freeze)
        model = (
            plane.hints(name, pin=pin, replicas=replicas, workers=workers, terms=terms) if given else plane.model(name)
        )
    if json:
        output.print_json(model)
    else:
        output.print_pairs([("model", name), *pairs_of(model.hints)])


def where(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """List the live workers that serve a model: first those that keep it loaded."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        serving = plane.where(name)
    if json:
        output.print_json([_plain(one.name, one.address, one.warm, one.labels) for one in serving])
    elif serving:
        rows = ((one.name, one.address, "warm" if one.warm else "", labels_text(one.labels)) for one in serving)
        output.print_table(("worker", "address", "kept", "labels"), rows, fold=("worker", "address", "labels"))
    else:
        print(f"no live worker serves {name}")


def workers(
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """List the live workers with their labels, and what they keep loaded."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        fleet = plane.workers()
    if json:
        output.print_json([asdict(one) for one in fleet.workers])
        return
    rows = (
        (one.name, one.address, one.placed, size(one.resident_bytes), labels_text(one.labels)) for one in fleet.workers
    )
    output.print_table(
        ("worker", "address", "placed", "resident", "labels"), rows, fold=("worker", "address", "labels")
    )
    if fleet.total > len(fleet.workers):
        output.warn(f"{fleet.total} workers live; the first {len(fleet.workers)} are listed")


def pairs_of(hints: Hints) -> list[tuple[str, object]]:
    """Return hints as pairs."""
    replicas = str(hints.replicas) if hints.replicas else "as the control plane is set"
    return [("pinned", "yes" if hints.pin else "no"), ("replicas", replicas), ("workers", hints.workers or "all")]


def hints_text(hints: Hints) -> str:
    """Return hints as one text: `pinned, 2 replicas, workers tier=fast`."""
    parts = ["pinned"] if hints.pin else []
    parts += [f"{hints.replicas} replica{'s' if hints.replicas > 1 else ''}"] if hints.replicas else []
    return ", ".join([*parts, *([f"workers {hints.workers}"] if hints.workers else [])])


def _plain(name: str, address: str, warm: bool, labels: Mapping[str, str]) -> dict[str, object]:
    return {"worker": name, "address": address, "warm": warm, "labels": dict(labels)}
