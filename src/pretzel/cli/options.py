"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pretzel.cli.sources.address import scheme
from pretzel.cli.tables.reading import MISSING, Format, Reading, parsed_types

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Control = Annotated[
    str,
    typer.Option(
        "--control", envvar="PRETZEL_CONTROL_PLANE", help="Address of the control plane; several with commas."
    ),
]
Server = Annotated[str, typer.Option("--server", envvar="PRETZEL_SERVER", help="Address of the workers.")]
Timeout = Annotated[float, typer.Option(min=0.001, help="Seconds to wait for servers.")]


def _there(address: str) -> str:
    if not scheme(address) and not Path(address).exists():
        raise typer.BadParameter(f"{address!r} does not exist")
    return address


ModelFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        callback=_there,
        help="A library's own format, skops, joblib, pickle, a saved definition; also a folder, a URL, models:/NAME/3.",
    ),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="`name`, `name@version` or `name:alias`.")]

CONTROL = "127.0.0.1:8101"
SERVER = "127.0.0.1:8001"

FormatOf = Annotated[
    Format, typer.Option("--format", help="File format; `auto` uses the file name, then the first bytes.")
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="The first line names the columns; by default the model's names decide, an ambiguous line is an error.",
    ),
]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="A column to read, by name; all if left out. Repeat for more.")
]
Missing = Annotated[
    list[str] | None,
    typer.Option("--na", help="A cell that means missing, instead of pandas' defaults. Repeat for more."),
]
NoMissing = Annotated[bool, typer.Option("--no-na", help="Do not treat any text cell as missing.")]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--types",
        help="NAME=TYPE,... overrides the types that the model expects: str, int, float, bool, category, date.",
    ),
]
Delimiter = Annotated[str | None, typer.Option(help="Cell delimiter; , or a tab by default.")]
Decimal = Annotated[str, typer.Option(help="Decimal mark.")]


def reading_of(
    format: Format,
    header: bool | None,
    columns: list[str] | None,
    missing: list[str] | None,
    no_missing: bool,
    types: list[str] | None,
    delimiter: str | None,
    decimal: str,
) -> Reading:
    """Return the options for reading a file.

    Raises:
        BadParameter: two of them conflict, or a mark is not one character.
    """
    if missing and no_missing:
        raise typer.BadParameter("use --na or --no-na, not both")
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\n\r'):
        raise typer.BadParameter(f"--delimiter {delimiter!r}: expected one character, or tab")
    if decimal not in (".", ","):
        raise typer.BadParameter(f"--decimal {decimal!r}: expected . or ,")
    words = frozenset() if no_missing else frozenset(missing) if missing else MISSING
    return Reading(format, header, tuple(columns or ()), words, parsed_types(types or []), delimiter, decimal)


Outputs = Annotated[
    list[str] | None,
    typer.Option("--output", help="A method to serve; may be repeated.  By default, all that need little memory."),
]
