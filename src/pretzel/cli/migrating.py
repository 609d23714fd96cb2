"""`pretzel migrate`: a catalog to another database, or its tables back to the version before."""

from __future__ import annotations

from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.options import Json
from pretzel.cli.servers import with_server_extra


def migrate(
    source: Annotated[
        str, typer.Argument(help="The catalog: sqlite:///path, postgresql://user@host/database or a path.")
    ],
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="An empty database that gets all of it.")] = "",
    back: Annotated[
        bool, typer.Option("--back", help="Take its tables back for the version of Pretzel before.")
    ] = False,
    json: Json = False,
) -> None:
    """Copy the catalog of a stopped control plane to another database, whole or not at all."""
    if back == bool(target):
        raise typer.BadParameter("expected a target, or --back")
    if back:
        revision = with_server_extra(lambda: _step_back(source))
        output.print_json({"revision": revision}) if json else print(f"the tables are those of revision {revision}")
        return
    with output.waiting("copying the catalog", shown=not json):
        counts = with_server_extra(lambda: _copy(source, target))
    if json:
        output.print_json(counts)
    else:
        print(f"copied {', '.join(f'{count} {table}' for table, count in counts.items() if table != 'state')}")


def _copy(source: str, target: str) -> dict[str, int]:
    from pretzel.control_plane.migrate import migrate

    return migrate(source, target)


def _step_back(source: str) -> str:
    from pretzel.control_plane.migrate import step_back

    return step_back(source)
