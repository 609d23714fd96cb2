"""`pretzel backup` and `pretzel restore`: a catalog with all objects that it needs, to a directory and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pretzel.cli import output
from pretzel.cli.options import Json
from pretzel.cli.servers import with_server_extra
from pretzel.plan.units import size

DataDir = Annotated[Path, typer.Option(help="Data directory of the control plane.")]
Store = Annotated[str, typer.Option(help="URL of its objects, if it is started with --store.")]
Catalog = Annotated[str, typer.Option(help="URL of its catalog, if it is started with --catalog.")]
DIRECTORY = Path("pretzel-data")


def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of the backup; later ones add to it.")],
    data_dir: DataDir = DIRECTORY,
    store: Store = "",
    catalog: Catalog = "",
    json: Json = False,
) -> None:
    """Copy the catalog and all objects that it needs to a directory; the control plane may run meanwhile."""
    with output.waiting("copying", shown=not json):
        saved = with_server_extra(lambda: _backup(_inner(data_dir), target, store, catalog))
    _print(saved, json, f"saved in {target}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of the backup.")],
    data_dir: DataDir = DIRECTORY,
    store: Store = "",
    catalog: Catalog = "",
    json: Json = False,
) -> int:
    """Fill an empty catalog and an empty store from a backup, and check them; exits with 1 if problems are found."""
    with output.waiting("copying", shown=not json):
        saved = with_server_extra(lambda: _restore(source, data_dir, store, catalog))
        findings = with_server_extra(lambda: _check(data_dir, store, catalog))
    for finding in findings:
        output.warn(f"{finding.path}: {finding.problem}; {finding.remedy}")
    _print(saved, json, f"restored under the epoch {saved.epoch}")
    return 1 if findings else 0


def _print(saved: Any, json: bool, how: str) -> None:
    if json:
        output.print_json(asdict(saved))
        return
    print(
        f"{saved.versions} versions at revision {saved.revision}, {saved.objects} objects of {size(saved.bytes)}, "
        f"{size(saved.copied_bytes)} of them copied; {how}"
    )


def _inner(data_dir: Path) -> Path:
    """Return the data directory of the control plane, which is inside of that of `pretzel up`."""
    inner = data_dir / "control"
    return inner if inner.is_dir() and not (data_dir / "objects").is_dir() else data_dir


def _backup(data_dir: Path, target: Path, store: str, catalog: str) -> Any:
    from pretzel.control_plane.backup import backup

    return backup(data_dir, target, store, catalog)


def _restore(source: Path, data_dir: Path, store: str, catalog: str) -> Any:
    from pretzel.control_plane.backup import restore

    return restore(source, data_dir, store, catalog)


def _check(data_dir: Path, store: str, catalog: str) -> list[Any]:
    from pretzel.control_plane.fsck import check_directory

    return list(check_directory(data_dir, url=store, catalog=catalog))
