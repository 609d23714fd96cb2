"""`pretzel check`: report every step of a model file that cannot be served, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pretzel.cli import options, output
from pretzel.cli.estimators import load_model
from pretzel.cli.failures import EXIT_CODES
from pretzel.cli.files import read_sample
from pretzel.cli.options import Json
from pretzel.cli.sources.fetching import model_file
from pretzel.cli.tables.reading import Reading
from pretzel.errors import UnsupportedError
from pretzel.plan.controls import visible


def check(
    file: options.ModelFile,
    sample: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Rows to infer the types of the columns from."),
    ] = None,
    trust: Annotated[list[str] | None, typer.Option(help="A type to allow in a skops file.")] = None,
    format: options.FormatOf = "auto",
    header: options.Header = None,
    column: options.Columns = None,
    na: options.Missing = None,
    no_na: options.NoMissing = False,
    types: options.Types = None,
    delimiter: options.Delimiter = None,
    decimal: options.Decimal = ".",
    json: Json = False,
) -> int:
    """Check if a model can be served: list all unsupported steps with reason and remedy."""
    reading = options.reading_of(format, header, column, na, no_na, types, delimiter, decimal)
    with output.waiting(f"checking {file}", shown=not json):
        with model_file(file) as path:
            model = load_model(path, trust or ())
        rows = _sample(sample, model, reading) if sample else None
        from pretzel.importers import check as check_model  # loads the training library

        report = check_model(model, sample=rows)
    if json:
        output.print_json(report.as_map())
    else:
        print(visible(report))
    return 0 if report.ok else EXIT_CODES["UNIMPLEMENTED"]


def _sample(path: Path, model: Any, reading: Reading) -> Any:
    """Return the rows of the sample; None if a step is unsupported, because it determines how to read them."""
    try:
        return read_sample(path, model, reading)
    except UnsupportedError:
        return None
