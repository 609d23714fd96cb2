"""`pretzel traffic`: split the calls of an alias over versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.scheduling import At, NotAfter, Remark, later, show
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.errors import NotFoundError
from pretzel.plan.model import Model, ModelDescription, Shadow
from pretzel.plan.traffic import SLOTS, Runs, percent, shares_of


def traffic(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    shares: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VERSION=PERCENT]...", help="The shares, 100 together; none: show the present ones."),
    ] = None,
    alias: Annotated[str, typer.Option(help="The alias whose calls are split.")] = "stable",
    if_version: IfVersion = None,
    if_edition: IfEdition = None,
    override_freeze: OverrideFreeze = False,
    at: At = "",
    not_after: NotAfter = "",
    remark: Remark = "",
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Split the calls of an alias over versions, as `3=95 4=5`, or show how they are split."""
    wanted = _shares(shares or [])
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        terms = terms_of(if_version, if_edition, override_freeze)
        if (planned := later(plane, at, not_after, remark)) is not None:
            if not shares:
                raise typer.BadParameter("--at needs shares, as 3=95 4=5")
            return show(planned.traffic(name, wanted, alias=alias, terms=terms), json)
        model = plane.traffic(name, wanted, alias=alias, terms=terms) if shares else plane.model(name)
    if alias not in model.aliases:
        has = ", ".join(model.aliases) or "none"
        raise NotFoundError(f"model {name!r} has no alias {alias!r}; it has: {has}")
    if json:
        output.print_json(model)
    else:
        output.print_table(("version", "share"), _rows(model, alias))


def _rows(model: Model, alias: str) -> Iterable[tuple[object, str]]:
    runs = model.traffic.get(alias) or ((model.aliases[alias], SLOTS),)
    return ((f"{model.name}@{version}", f"{percent(slots)} %") for version, slots in shares_of(runs).items())


def _shares(texts: Iterable[str]) -> dict[int, float]:
    """Return shares that were written as `3=95`.

    Raises:
        BadParameter: one has another form, or a version is given twice.
    """
    found: dict[int, float] = {}
    for text in texts:
        version, _, share = text.partition("=")
        try:
            number, given = int(version), float(share.removesuffix("%"))
        except ValueError:
            raise typer.BadParameter(f"{text!r}: expected VERSION=PERCENT, as 3=95") from None
        if number in found:
            raise typer.BadParameter(f"version {number} is given twice")
        found[number] = given
    return found


def aliases_text(model: Model | ModelDescription) -> str:
    """Return aliases, the shares of those that are split, and shadows.

    As in `canary -> 4, stable -> 3 (95 %), 4 (5 %), shadow 5 (10 %)`.
    """
    return ", ".join(
        f"{alias} -> {_target(version, model.traffic.get(alias))}{_shadow(model.shadows.get(alias))}"
        for alias, version in sorted(model.aliases.items())
    )


def _shadow(shadow: Shadow | None) -> str:
    return f", shadow {shadow.version} ({percent(shadow.slots)} %)" if shadow else ""


def _target(version: int, runs: Runs | None) -> str:
    if not runs:
        return str(version)
    return ", ".join(f"{number} ({percent(slots)} %)" for number, slots in shares_of(runs).items())
