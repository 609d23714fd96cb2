"""`pretzel rollout`: move the calls of an alias to another version in steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.scheduling import At, NotAfter, Remark, later, show
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.times import seconds_of
from pretzel.cli.tls import TlsFiles, takes_tls
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.rollout import USUAL, Decision, Rollout, Rules
from pretzel.plan.traffic import percent

Model = Annotated[str, typer.Argument(metavar="NAME", help="The model.")]
Alias = Annotated[str, typer.Option(help="The alias whose calls are moved.")]
rollout = typer.Typer(help="Move the calls of an alias to another version in steps, by rules.", no_args_is_help=True)


def start(
    name: Model,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The new version.")],
    steps: Annotated[str, typer.Option(help="Its shares in percent; the last is 100.")] = "1,10,50,100",
    every: Annotated[str, typer.Option(help="Least time of a step, as 90s or 5m.")] = "5m",
    min_calls: Annotated[int, typer.Option(help="Calls to it in a step before a decision.")] = USUAL.calls,
    max_errors: Annotated[str, typer.Option(help="Most errors more than the version before has.")] = "1%",
    max_latency: Annotated[float, typer.Option(help="Most p99, in times of the other; 0: any.")] = USUAL.latency,
    max_disagreement: Annotated[str, typer.Option(help="Most compared answers that differ.")] = "5%",
    patience: Annotated[str, typer.Option(help="Roll back a step without enough calls after this; 0s: wait.")] = "0s",
    alias: Alias = "stable",
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
    """Start a rollout; the control plane carries it on."""
    rules = Rules(
        calls=min_calls,
        errors=_part(max_errors, "--max-errors"),
        latency=max_latency,
        disagreement=_part(max_disagreement, "--max-disagreement"),
        patience=seconds_of(patience, "--patience"),
    )
    shares, seconds = _steps(steps), seconds_of(every, "--every")
    terms = terms_of(if_version, if_edition, override_freeze)
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        if (planned := later(plane, at, not_after, remark)) is not None:
            change = planned.rollout(name, version, steps=shares, every=seconds, rules=rules, alias=alias, terms=terms)
            return show(change, json)
        started = plane.rollout(name, version, steps=shares, every=seconds, rules=rules, alias=alias, terms=terms)
    _show(started, json)


def status(
    name: Model,
    alias: Alias = "stable",
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Show the last rollout of an alias, and its decisions."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        _show(plane.rollout_status(name, alias=alias), json)


def list_(
    lasting: Annotated[bool, typer.Option("--lasting", help="Only those that have not ended.")] = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """List rollouts, newest first."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        found = plane.rollouts(lasting=lasting)
    if json:
        output.print_json(list(map(asdict, found)))
    elif found:
        output.print_table(("rollout", "state", "share", "reason"), map(_row, found), fold=("rollout", "reason"))
    else:
        print("no rollout")


def _changing(what: str, help: str) -> Callable[..., None]:
    """Return the command that pauses, resumes, aborts or promotes a rollout."""

    def change(
        name: Model,
        alias: Alias = "stable",
        if_version: IfVersion = None,
        if_edition: IfEdition = None,
        override_freeze: OverrideFreeze = False,
        control: Control = CONTROL,
        timeout: Timeout = 30,
        json: Json = False,
        *,
        tls: TlsFiles,
    ) -> None:
        terms = terms_of(if_version, if_edition, override_freeze)
        with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
            _show(getattr(plane, f"{what}_rollout")(name, alias=alias, terms=terms), json)

    change.__doc__ = help
    return change


for command, called in (
    *((start, "start"), (status, "status"), (list_, "list")),
    (_changing("pause", "Keep the shares as they are until it is resumed."), "pause"),
    (_changing("resume", "Go on with a paused rollout; its step starts again."), "resume"),
    (_changing("abort", "End a rollout: all calls go to the version before."), "abort"),
    (_changing("promote", "End a rollout: all calls go to the new version."), "promote"),
):
    rollout.command(called)(takes_tls(command))


def _show(shown: Rollout, json: bool) -> None:
    if json:
        return output.print_json(asdict(shown))
    output.print_pairs(
        [
            ("rollout", f"{shown.model}:{shown.alias} from version {shown.stable} to {shown.version}"),
            ("state", f"{shown.status}: {shown.reason}"),
            ("steps", ", ".join(f"{percent(step)} %" for step in shown.steps)),
            ("share", _share(shown)),
            ("started", f"{output.when(shown.started)} by {shown.by}"),
        ]
    )
    rows: Iterable[tuple[object, ...]] = map(_decision, shown.decisions)
    output.print_table(("time", "decision", "calls", "errors", "p99", "reason"), rows, fold=("reason",))


def _row(shown: Rollout) -> tuple[object, ...]:
    name = f"{shown.model}:{shown.alias} {shown.stable} -> {shown.version}"
    return name, shown.status, _share(shown), shown.reason


def _share(shown: Rollout) -> str:
    if shown.lasts:
        return f"{percent(shown.steps[shown.step])} %"
    return "100 %" if shown.status == "promoted" else "0 %"


def _decision(one: Decision) -> tuple[object, ...]:
    seen = one.version
    return output.when(one.at), one.decision, seen.calls, f"{seen.errors:.2%}", f"{seen.p99 * 1e3:.3g} ms", one.reason


def _steps(text: str) -> list[float]:
    try:
        return [float(part.strip().removesuffix("%")) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"--steps {text[:80]!r}: expected percents with commas, as 1,10,100") from None


def _part(text: str, option: str) -> float:
    """Return a part that was written as `1%` or `0.01`."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text[:40]!r}: expected a percentage as 1%, or a part as 0.01") from None
