"""Commands for the store: gc, fsck."""

from __future__ import annotations

import json as json_lines
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from pretzel.cli import failures, output
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.servers import with_server_extra
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.client.stores import Finding
from pretzel.errors import PreconditionError
from pretzel.plan.controls import escaped, visible
from pretzel.plan.units import size

Repair = Annotated[
    bool, typer.Option("--repair", help="Rebuild derived objects, quarantine damaged ones, and remove strays.")
]


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count the objects that would be removed.")] = False,
    control: Control = CONTROL,
    timeout: Timeout = 300,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Remove stored objects that no version needs and no client leases."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        with failures.helping("`pretzel fsck --repair` checks the objects of a lost catalog", PreconditionError):
            with output.waiting("looking for objects that nothing needs", shown=not json):
                freed = plane.collect_garbage(dry_run=dry_run)
    if json:
        output.print_json({"objects": freed.objects, "bytes": freed.bytes, "dry_run": dry_run})
    else:
        would = "would be removed" if dry_run else "removed"
        print(f"{freed.objects} objects, {size(freed.bytes)} {would}")


def fsck(
    data_dir: Annotated[Path | None, typer.Option(help="Data directory of a stopped control plane.")] = None,
    store: Annotated[str, typer.Option(help="URL of its objects, if it was started with --store.")] = "",
    catalog: Annotated[str, typer.Option(help="URL of its catalog, if it was started with --catalog.")] = "",
    cache: Annotated[Path | None, typer.Option(help="Cache directory of a stopped worker.")] = None,
    address: Annotated[str | None, typer.Option(help="Address of a running control plane.")] = None,
    repair: Repair = False,
    timeout: Timeout = 3600,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> int:
    """Check stored objects and the catalog; exits with 0 if sound, 1 if problems are left."""
    if data_dir is None and cache is None and address is None:
        raise typer.BadParameter("expected --data-dir, --cache or --address")
    printer = _Printer(json)
    with output.waiting("reading every object", shown=not json):
        if data_dir is not None:
            with_server_extra(lambda: printer.all(_of_directory(data_dir, repair, store, catalog)))
        if cache is not None:
            with_server_extra(lambda: printer.all(_of_cache(cache, repair)))
        if address is not None:
            with ControlPlane(address, timeout=Budget(timeout), **tls) as plane:
                plane.check_store(printer.one, repair=repair)
    return printer.end()


class _Printer:
    """Prints and counts findings; repaired ones do not count as left."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self.found = self.left = 0

    def one(self, finding: Any) -> None:
        """Print one finding."""
        repaired = finding.repaired
        self.found += 1
        self.left += not repaired
        if self._json:
            parts = {"path": str(finding.path), "problem": finding.problem, "remedy": finding.remedy}
            print(escaped(json_lines.dumps(parts | {"repaired": repaired}, ensure_ascii=False)), flush=True)
        else:
            print(visible(f"{finding.path}: {finding.problem}; {finding.remedy}"), flush=True)

    def all(self, findings: Iterable[Any]) -> None:
        """Print all findings of one check."""
        for finding in findings:
            self.one(finding)

    def end(self) -> int:
        """Print the totals unless in JSON, and return the exit code."""
        if not self._json:
            print("sound" if not self.found else f"{self.found} findings, {self.left} left to repair")
        return 1 if self.left else 0


def _of_directory(data_dir: Path, repair: bool, store: str, catalog: str) -> Iterable[Any]:
    from pretzel.control_plane.fsck import check_directory

    inner = data_dir / "control"  # the layout of `pretzel up`
    is_outer = inner.is_dir() and not (data_dir / "catalog.sqlite").exists() and not (data_dir / "objects").is_dir()
    return check_directory(inner if is_outer else data_dir, repair, store, catalog)


def _of_cache(root: Path, repair: bool) -> Iterable[Finding]:
    """Check a cache; a problem that a second check no longer finds was repaired."""
    import importlib

    check: Callable[..., list[Any]] = importlib.import_module("pretzel.data_plane.cache.fsck").check
    findings = check(root, repair=repair)
    left = {(item.path, item.problem) for item in (check(root) if repair else findings)}
    for item in findings:
        repaired = (item.path, item.problem) not in left
        yield Finding(str(item.path), item.problem, "moved to quarantine" if repaired else item.remedy, repaired)
