"""`pretzel schedule` and `pretzel unschedule`, and the options that schedule a change instead of making it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.times import time_of
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.client.schedule import Later, ScheduledChange

At = Annotated[str, typer.Option(help="Make it at a time, as 2027-01-31T18:00, or after a duration, as 2h.")]
NotAfter = Annotated[str, typer.Option(help="With --at: let it lapse if it cannot be made until then.")]
Remark = Annotated[str, typer.Option("--remark", help="With --at: a note, for `pretzel schedule`.")]


def later(plane: ControlPlane, at: str, not_after: str, remark: str) -> Later[ScheduledChange] | None:
    """Return the changes that can be made at the time of the options; None without a time.

    Raises:
        BadParameter: a time has another form, or an option needs ``--at``.
    """
    if not at:
        if not_after or remark:
            raise typer.BadParameter("--not-after and --remark need --at")
        return None
    end = time_of(not_after, "--not-after") if not_after else None
    return plane.later(at=time_of(at, "--at"), not_after=end, note=remark)


def show(change: ScheduledChange, json: bool) -> None:
    """Print a change that was scheduled or cancelled."""
    if json:
        return output.print_json(asdict(change))
    said = f"at {output.when(change.at)}" if change.status == "waiting" else f"is {change.status}"
    print(f"scheduled change {change.id}: {change.method} {change.model} {said}")


def schedule(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="The most changes: the newest.")] = 50,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """List the scheduled changes, newest first, and what became of them."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        found = plane.schedule(waiting=waiting, most=most)
    if json:
        output.print_json(list(map(asdict, found)))
    elif found:
        rows: Iterable[tuple[object, ...]] = map(_row, found)
        output.print_table(("id", "time", "change", "by", "state"), rows, fold=("change", "by", "state"))
    else:
        print("no change is scheduled")


def unschedule(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number in `pretzel schedule`.")],
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Cancel a scheduled change that waits."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        show(plane.unschedule(id), json)


def _row(change: ScheduledChange) -> tuple[object, ...]:
    said = "; ".join(part for part in (change.status, change.outcome, change.note) if part)
    return change.id, output.when(change.at), f"{change.method} {change.request}", change.by, said
