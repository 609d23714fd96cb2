"""`pretzel freeze` and `pretzel unfreeze`: keep models from being changed."""

from __future__ import annotations

from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.scheduling import At, NotAfter, Remark, later, show
from pretzel.cli.times import time_of
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.client.rolling import Freeze


def freeze(
    pattern: Annotated[
        str | None, typer.Argument(metavar="[PATTERN]", help="A model, or `team-a/*`; none: list the freezes.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="A time, as 2027-01-31T18:00, or a duration, as 2h.")] = None,
    reason: Annotated[str, typer.Option(help="The reason, for those who are refused.")] = "",
    at: At = "",
    not_after: NotAfter = "",
    remark: Remark = "",
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Refuse changes of models, or list the models that are frozen."""
    if pattern is None and (until or reason):
        raise typer.BadParameter("--until and --reason need a pattern")
    end = time_of(until, "--until") if until else 0.0
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        if (planned := later(plane, at, not_after, remark)) is not None:
            if pattern is None:
                raise typer.BadParameter("--at needs a pattern")
            return show(planned.freeze(pattern, until=end, reason=reason), json)
        freezes = plane.freezes() if pattern is None else [plane.freeze(pattern, until=end, reason=reason)]
    if json:
        output.print_json([_plain(one) for one in freezes])
    elif freezes:
        output.print_table(("pattern", "by", "until", "reason"), map(_row, freezes), fold=("pattern", "reason"))
    else:
        print("no model is frozen")


def unfreeze(
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="The pattern of the freeze.")],
    at: At = "",
    not_after: NotAfter = "",
    remark: Remark = "",
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """End a freeze."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        if (planned := later(plane, at, not_after, remark)) is not None:
            return show(planned.unfreeze(pattern), json)
        plane.unfreeze(pattern)
    if json:
        output.print_json({"unfrozen": pattern})
    else:
        print(f"{pattern} is not frozen any more")


def _row(freeze: Freeze) -> tuple[str, ...]:
    until = output.when(freeze.until, seconds=False) if freeze.until else "it is ended"
    return freeze.pattern, freeze.by, until, freeze.reason


def _plain(freeze: Freeze) -> dict[str, object]:
    return {name: getattr(freeze, name) for name in ("pattern", "by", "at", "until", "reason")}
