"""`pretzel quota`: the limits of identities, and what they use."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.client.quota import Quota


def quota(control: Control = CONTROL, timeout: Timeout = 30, json: Json = False, *, tls: TlsFiles) -> None:
    """List your limits and what you use; those of all identities if you administer all models."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        quotas = plane.quota()
    if json:
        output.print_json([dataclasses.asdict(one) for one in quotas])
    else:
        output.print_table(("identity", "limit", "most", "used"), (row for one in quotas for row in _rows(one)))


def _rows(quota: Quota) -> Iterator[tuple[str, ...]]:
    """Yield the limits that are set or used; one row if none is."""
    shown = [(name, one) for name, one in quota.limits.items() if one.most is not None or one.used]
    for name, one in shown:
        yield quota.identity, name, _number(one.most, "none"), _number(one.used, "")
    if not shown:
        yield quota.identity, "", "none", ""


def _number(value: float | None, without: str) -> str:
    return without if value is None else f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"
