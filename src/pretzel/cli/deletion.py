"""`pretzel delete`: one model, one version, or all models that a selection finds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from pretzel.cli import failures, output
from pretzel.cli.labels import OfVersions, Owner, Search, Selector, selection
from pretzel.cli.listing import print_models
from pretzel.cli.options import CONTROL, Control, Json, Timeout
from pretzel.cli.scheduling import At, NotAfter, Remark, later, show
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.errors import PreconditionError
from pretzel.plan.model import Model
from pretzel.plan.terms import Terms


def delete(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="`name` for the whole model, or `name@version`; or a selection.")
    ] = "",
    selector: Selector = "",
    owner: Owner = "",
    search: Search = "",
    versions: OfVersions = False,
    force: Annotated[bool, typer.Option("--force", help="Delete it even if an alias points to it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete a selection without asking.")] = False,
    if_version: IfVersion = None,
    if_edition: IfEdition = None,
    override_freeze: OverrideFreeze = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the selected models.")] = False,
    at: At = "",
    not_after: NotAfter = "",
    remark: Remark = "",
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> int:
    """Delete a model, one version of it, or with their aliases all models of a selection."""
    several = bool(selector or owner or search)
    if several == bool(name):
        raise typer.BadParameter("expected a name, or a selection with --selector, --owner or --search")
    terms = terms_of(if_version, if_edition, override_freeze)
    if several and (if_version, if_edition) != (None, None):
        raise typer.BadParameter("--if-version and --if-edition need a name")
    if dry_run and not several:
        raise typer.BadParameter("--dry-run needs a selection")
    if json and several and not (yes or dry_run):
        raise typer.BadParameter("--json asks nothing: add --yes or --dry-run")
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        if (planned := later(plane, at, not_after, remark)) is not None:
            if several:
                raise typer.BadParameter("--at needs a name")
            show(planned.delete(name, force=force, terms=terms), json)
            return 0
        if not several:
            return _delete_one(plane, name, force, terms, json)
        listed = plane.models(**selection(selector, owner, search, versions))
        if dry_run or not listed or not (yes or _confirmed(listed)):
            return _print_kept(listed, dry_run, json)
        names = [model.name for model in listed]
        deleted = plane.delete_models(
            expected=names, override_freeze=override_freeze, **selection(selector, owner, search, versions)
        )
    if json:
        output.print_json({"deleted": deleted})
    else:
        print(f"{_count(deleted)} deleted")
    return 0


def _delete_one(plane: ControlPlane, name: str, force: bool, terms: Terms, json: bool) -> int:
    with failures.helping("--force deletes it and the aliases that point to it", PreconditionError):
        plane.delete(name, force=force, terms=terms)
    if json:
        output.print_json({"deleted": name})
    else:
        print(f"{name} is deleted")
    return 0


def _confirmed(listed: Sequence[Model]) -> bool:
    """Show the models and ask; no answer means no."""
    print_models(listed)
    # Click's own question prints a space on standard output, which may be a file.
    question = f"Delete {_count(listed, verb=False)} with all versions and aliases? [y/N] "
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _print_kept(listed: Sequence[Model], dry_run: bool, json: bool) -> int:
    """Report that nothing was deleted; that is a failure if models were found and the answer was not yes."""
    if json:
        output.print_json({"deleted": [], "selected": [model.name for model in listed]})
        return 0
    if dry_run and listed:
        print_models(listed)
        print(f"{_count(listed)} selected; nothing is deleted")
        return 0
    print("nothing is deleted" if listed else "no model is selected; nothing is deleted")
    return 1 if listed else 0


def _count(models: Sequence[object], verb: bool = True) -> str:
    are = (" is" if len(models) == 1 else " are") if verb else ""
    return f"{len(models)} model{'' if len(models) == 1 else 's'}{are}"
