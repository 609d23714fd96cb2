"""`pretzel predict`: score rows in batches, so that memory does not depend on the number of rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pretzel.adapters.inputs import read_by
from pretzel.cli import failures, options
from pretzel.cli.answers import Writer, open_output
from pretzel.cli.files import read
from pretzel.cli.meter import Meter
from pretzel.cli.options import SERVER, Json, Name, Server
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import of_model
from pretzel.cli.tls import TlsFiles
from pretzel.client import Client
from pretzel.errors import InputError, NotFoundError
from pretzel.plan.model import ModelDescription

DESCRIBE = "`pretzel describe {}` shows its inputs and methods"


def predict(
    name: Name,
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV, TSV, Parquet, lines of JSON or of text; standard input if left out.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output if left out.")] = None,
    method: Annotated[str, typer.Option(help="The estimator's method.")] = "predict",
    id: Annotated[
        list[str] | None, typer.Option("--id", help="A column to copy into the output, by name. Repeat for more.")
    ] = None,
    format: options.FormatOf = "auto",
    header: options.Header = None,
    column: options.Columns = None,
    na: options.Missing = None,
    no_na: options.NoMissing = False,
    types: options.Types = None,
    delimiter: options.Delimiter = None,
    decimal: options.Decimal = ".",
    batch: Annotated[int, typer.Option(min=1, help="Rows per request.")] = 10_000,
    server: Server = SERVER,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds to wait for the answer to each batch.")] = 60,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Score rows; an empty cell means missing."""
    reading = options.reading_of(format, header, column, na, no_na, types, delimiter, decimal)
    reading = replace(reading, ids=tuple(dict.fromkeys(id or ())))
    if file and out and out.exists() and out.samefile(file):
        raise InputError(f"{out}: the output would overwrite the input; use another file")
    with Client(server, timeout=timeout, **tls) as client:
        description = client.describe(name)
        with open_output(out) as answers, failures.helping(DESCRIBE.format(name), InputError, NotFoundError):
            writer = Writer(answers, method, _labels(description, method), json)
            _answer(client, _read_by(method, description), file, reading, batch, writer)
            if writer.rows == 0:
                raise InputError(f"{file or 'standard input'}: expected rows, got none")


def _answer(
    client: Client, description: ModelDescription, file: Path | None, reading: Reading, rows: int, writer: Writer
) -> None:
    """Score a file with one version, even if another is deployed meanwhile."""
    model = str(description.version)
    to_screen = writer.file is sys.stdout and sys.stdout.isatty()
    with Meter(shown=not to_screen) as meter:
        for batch in read(file, of_model(description), reading, rows, meter.read):
            with batch.located():
                answer = client.score(model, _whole(batch.X, description), writer.method)
            writer.write(answer, batch.ids)
            meter.answered(len(batch))


def _read_by(method: str, description: ModelDescription) -> ModelDescription:
    """Return the description restricted to the inputs of one method."""
    inputs, metadata = read_by(method, description.inputs, description.version.metadata)
    return replace(description, inputs=tuple(inputs), version=replace(description.version, metadata=metadata))


def _whole(X: Any, description: ModelDescription) -> Any:
    """Return codes as integers: cells are read as floats, but the library takes integers."""
    if description.version.metadata.get("input_style") != "codes":
        return X
    codes = np.asarray(X)
    whole = codes.astype(np.int64)
    return whole if (whole == codes).all() else X


def _labels(description: ModelDescription, method: str) -> Sequence[Any] | None:
    return next((output.labels for output in description.outputs if output.name == method), None)  # type: ignore[return-value]
