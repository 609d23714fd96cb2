"""`pretzel shadow`: send copies of calls to a version, and show how its answers compare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.tls import TlsFiles
from pretzel.cli.traffic import aliases_text
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.shadows import ShadowFigures, ShadowReport
from pretzel.plan.traffic import percent


def shadow(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    version: Annotated[int | None, typer.Argument(min=1, help="The version that gets copies of calls.")] = None,
    share: Annotated[float | None, typer.Argument(metavar="[PERCENT]", help="The share that is copied.")] = None,
    off: Annotated[bool, typer.Option("--off", help="End the shadow.")] = False,
    alias: Annotated[str, typer.Option(help="The alias whose calls are copied.")] = "stable",
    if_version: IfVersion = None,
    if_edition: IfEdition = None,
    override_freeze: OverrideFreeze = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Send copies of a share of an alias's calls to a version, as `2 10`, or show how its answers compare."""
    if (version is None) != (share is None) or (off and version is not None):
        raise typer.BadParameter("expected VERSION PERCENT, --off, or neither")
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        if version is None and not off:
            _show(plane.shadow_report(name, alias=alias), json)
            return
        terms = terms_of(if_version, if_edition, override_freeze)
        model = plane.shadow(name, version or 0, 0.0 if off else share or 0.0, alias=alias, terms=terms)
    if json:
        output.print_json(model)
    else:
        print(f"{model.name}: {aliases_text(model)}")


def _show(report: ShadowReport, json: bool) -> None:
    if json:
        output.print_json(_plain(report))
        return
    output.print_pairs([("shadow", report.shadow.version), ("share", f"{percent(report.shadow.slots)} %")])
    if not report.figures:
        print("no worker has reported a copied call yet")
    for figures in report.figures:
        print()
        output.print_pairs(_totals(figures))
        columns = ("output", "rows", "disagree", "largest difference", "KS", "PSI", "only in one")
        output.print_table(columns, _outputs(figures), fold=("output",))
        if figures.examples:
            found = ((one.output, one.row, one.got, one.want, one.inputs) for one in figures.examples)
            output.print_table(
                ("output", "row", "shadow", "given", "inputs"), found, fold=("shadow", "given", "inputs")
            )


def _totals(figures: ShadowFigures) -> list[tuple[str, object]]:
    failed = f"{figures.failures:,}" + (f": {figures.last_failure}" if figures.last_failure else "")
    return [
        ("beside", f"{figures.model}@{figures.against}"),
        ("calls copied", f"{figures.calls:,}"),
        ("dropped", f"{figures.dropped:,}"),
        ("failures", failed),
        ("rows compared", f"{figures.rows:,}"),
        ("rows that disagree", f"{figures.disagreeing:,}"),
    ]


def _outputs(figures: ShadowFigures) -> Iterable[tuple[object, ...]]:
    for name, one in figures.outputs.items():
        drift = (f"{one.drift:.4f}", f"{one.psi:.4f}") if one.distributions else ("", "")
        alone = f"version {figures.against}: {one.only_given:,} rows" if one.only_given else ""
        alone = f"shadow: {one.only_shadow:,} rows" if one.only_shadow else alone
        yield (name, f"{one.rows:,}", f"{one.disagreeing:,}", f"{one.largest_difference:.3g}", *drift, alone)


def _plain(report: ShadowReport) -> dict[str, Any]:
    return {"shadow": asdict(report.shadow), "figures": [_figures(one) for one in report.figures]}


def _figures(figures: ShadowFigures) -> dict[str, Any]:
    plain = asdict(figures)
    for name, one in figures.outputs.items():
        del plain["outputs"][name]["distributions"]
        plain["outputs"][name] |= {"ks": one.drift, "psi": one.psi}
    return plain
