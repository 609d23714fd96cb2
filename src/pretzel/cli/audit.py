"""`pretzel audit`: who changed what, from where, and what was refused."""

from __future__ import annotations

import dataclasses
import json as json_lines
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.moments import moment
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.audit import AuditRecord
from pretzel.client.endpoint import Budget
from pretzel.errors import UnavailableError
from pretzel.plan.controls import escaped, visible

_FOLLOW_SECONDS = 1.0
_FOLLOWED = 10_000
"""Most records that are read at one look of ``--follow``."""


def audit(
    model: Annotated[str, typer.Option("--model", help="Only of this model, or of 'team-a/*'.")] = "",
    who: Annotated[str, typer.Option("--who", help="Only by this identity, `anonymous` or `system`.")] = "",
    method: Annotated[str, typer.Option("--method", help="Only by this method, as SetAlias.")] = "",
    since: Annotated[str, typer.Option("--since", help="From 2026-12-01T09:30 on, or an age: 30m, 2h, 7d.")] = "",
    until: Annotated[str, typer.Option("--until", help="Before a date, or an age.")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only refused changes.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="The most records: the newest.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new records until Ctrl-C.")] = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """List changes, the newest last: who, what, before and after, from where; and changes that were refused."""
    begin, end = moment(since) if since else None, moment(until) if until else None

    def look(after: int, most: int) -> list[AuditRecord]:
        with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
            outcome = "failed" if failed else ""
            found = plane.audit(
                model, who=who, method=method, since=begin, until=end, outcome=outcome, after=after, most=most
            )
        return found[::-1]

    records = look(0, most)
    if json and not follow:
        output.print_json([dataclasses.asdict(record) for record in records])
        return
    _print(records, json)
    last = records[-1].id if records else 0
    while follow:
        time.sleep(_FOLLOW_SECONDS)
        try:
            records = look(last, _FOLLOWED)
        except UnavailableError as error:  # it may be restarting
            output.warn(str(error))
            continue
        _print(records, json)
        last = records[-1].id if records else last


def _print(records: Iterable[AuditRecord], json: bool) -> None:
    for record in records:
        if json:
            print(escaped(json_lines.dumps(dataclasses.asdict(record), ensure_ascii=False)))
        else:
            print("\n".join(_lines(record, output.width())))
    sys.stdout.flush()


def _lines(record: AuditRecord, columns: int) -> Iterator[str]:
    what = record.model + (f"@{record.version}" if record.version else "")
    who = record.identity + (f" ({record.subject})" if record.subject else "")
    yield from _folded(f"{output.when(record.at)}  {who}  {record.method}  {what}".rstrip(), columns, "  ")
    details = [f"{record.code}: {record.message}"] if record.code != "OK" else list(_differences(record))
    if record.omitted:
        details.append(f"{record.omitted:,} refused changes before it were left out")
    place = " ".join(part for part in (record.peer, record.request_id) if part)
    for line in [*details, *([f"from {place}"] if place else [])]:
        yield from _folded(f"  {line}", columns, "    ")


def _differences(record: AuditRecord) -> Iterator[str]:
    for key in {**record.before, **record.after}:
        before, after = record.before.get(key), record.after.get(key)
        if key not in record.after:
            yield f"- {key}: {before}"
        elif key not in record.before:
            yield f"+ {key}: {after}"
        else:
            yield f"{key}: {before} -> {after}"


def _folded(text: str, columns: int, indent: str) -> list[str]:
    return textwrap.wrap(
        visible(text), columns, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True
    ) or [""]
