"""The command `pretzel top`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json
from pretzel.cli.tls import TlsFiles
from pretzel.cli.top.looking import look
from pretzel.cli.top.rates import Load, Look, loads
from pretzel.errors import PretzelError
from pretzel.plan.controls import visible
from pretzel.plan.units import duration, size

METRICS = "http://127.0.0.1:8002/metrics"
SHOWN = ("process_bytes", "resident_bytes", "resident_plans", "running", "queued")
"""The gauges that are shown, as sums over the workers."""
_SIZES_WITHIN = 2.0
"""Seconds to wait for the sizes of models, which are shown if a control plane answers."""


def top(
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            envvar="PRETZEL_METRICS", help=f"URL of a worker's metrics, by default {METRICS}. Repeat for more."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one interval and end, as in a pipe.")] = False,
    interval: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds between two looks; 0 with --once: since the start.")
    ] = 2.0,
    rows: Annotated[int, typer.Option(min=1, help="The most models to show.")] = 20,
    control: Control = CONTROL,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Show models by load: calls, latency, errors and memory, live until Ctrl-C."""
    urls = metrics or [METRICS]
    screen = output.console()
    alone = once or json or not screen.is_terminal
    if not alone and interval <= 0:
        raise typer.BadParameter("--interval 0 needs --once")
    before = look(urls, tls) if interval > 0 else None
    sizes = _sizes(control, tls)
    if alone:
        _print_once(urls, tls, before, interval, rows, sizes, json)
        return
    assert before is not None
    with Live(Text("measuring"), console=screen, auto_refresh=False, screen=True) as live:
        while True:
            time.sleep(interval)
            after = look(urls, tls)
            found = loads(before, after, after.at - before.at)
            live.update(Group(_head(after, found), _table(found[:rows], sizes)), refresh=True)
            before = after


def _print_once(
    urls: Sequence[str],
    tls: TlsFiles,
    before: Look | None,
    interval: float,
    rows: int,
    sizes: Mapping[str, int],
    json: bool,
) -> None:
    time.sleep(interval)
    after = look(urls, tls)
    # Without an interval, the counts themselves are shown.
    found = loads(before, after, after.at - before.at if before else 1.0)
    if json:
        models = [vars(load) | {"parameter_bytes": sizes.get(load.model)} for load in found[:rows]]
        output.print_json({"models": models, **{name: after.figure(name) for name in SHOWN}})
        return
    screen = output.console()
    screen.print(_head(after, found), soft_wrap=True)
    screen.print(_table(found[:rows], sizes, total=before is None))


def _sizes(control: str, tls: TlsFiles) -> dict[str, int]:
    """Return the bytes of the newest version of each model; none if no control plane answers."""
    from pretzel.client import ControlPlane

    try:
        with ControlPlane(control, timeout=_SIZES_WITHIN, **tls) as plane:
            return {model.name: model.versions[-1].parameter_bytes for model in plane.models() if model.versions}
    except PretzelError:
        return {}


def _head(now: Look, found: Sequence[Load]) -> Text:
    calls, errors = (sum(getattr(load, f"{kind}_per_second") for load in found) for kind in ("calls", "errors"))
    memory, resident, plans, running, queued = map(now.figure, SHOWN)
    return Text(
        f"{_rate(calls)} calls/s, {_rate(errors)} errors/s, {running:.0f} running, {queued:.0f} queued\n"
        f"{plans:.0f} plans in memory: {size(resident)} of {size(memory)} of the workers"
    )


def _table(found: Sequence[Load], sizes: Mapping[str, int], total: bool = False) -> Table:
    per = "" if total else "/s"
    table = Table(header_style="bold")
    table.add_column("model", overflow="fold")
    for name in (f"calls{per}", f"rows{per}", "p50", "p99", f"errors{per}", "busy", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    for load in found:
        cells: list[Any] = [visible(load.model), *_cells(load, total)]
        table.add_row(*map(Text, cells), Text(size(sizes[load.model]) if load.model in sizes else ""))
    return table


def _cells(load: Load, total: bool) -> list[str]:
    busy = duration(load.busy) if total else f"{100 * load.busy:.0f} %"
    quantiles = ["" if value is None else duration(value) for value in (load.p50, load.p99)]
    rates = [_rate(load.calls_per_second), _rate(load.rows_per_second)]
    return [*rates, *quantiles, _rate(load.errors_per_second) if load.errors_per_second else "", busy]


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"
