"""`pretzel check`: whether a model in a file can be served, and every step that cannot, without any server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.estimators import load_model
from pretzel.cli.failures import EXIT_CODES
from pretzel.cli.files import read_sample
from pretzel.cli.options import Json


def check(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A library's own format, skops, joblib, pickle, or a saved definition."
        ),
    ],
    sample: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Rows that tell the types of the columns."),
    ] = None,
    trust: Annotated[list[str] | None, typer.Option(help="A type that a skops file may hold.")] = None,
    json: Json = False,
) -> int:
    """Tell whether a model can be served: all steps that cannot, with reason and remedy."""
    model = load_model(file, trust or ())
    rows = read_sample(sample, model) if sample else None
    from pretzel.importers import check as check_model  # loads the library that trained it

    report = check_model(model, sample=rows)
    if json:
        output.print_json(report.as_map())
    else:
        print(report)
    return 0 if report.ok else EXIT_CODES["UNIMPLEMENTED"]
