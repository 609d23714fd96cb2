"""`pretzel export`: save an estimator as a definition, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.estimators import load_model
from pretzel.cli.options import Json, Outputs
from pretzel.plan import bundle
from pretzel.plan.controls import visible
from pretzel.plan.definition import Definition
from pretzel.plan.render import render


def export(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A library's own format, skops, joblib or pickle.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; by default the file's name with .pretzel.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Print the definition instead of saving it.")] = False,
    outputs: Outputs = None,
    trust: Annotated[list[str] | None, typer.Option(help="A type to allow in a skops file.")] = None,
    json: Json = False,
) -> None:
    """Save a model as a definition, which has no code and can be deployed to any control plane."""
    with output.plain_warnings(), output.waiting(f"exporting {file}", shown=not json):
        definition = _definition(file, trust or [], outputs)
    if text:
        print(visible(render(definition)))
        return
    out = out or file.with_suffix(".pretzel")
    bundle.save(out, definition)
    summary = _summary(definition) | {"file": str(out), "bytes": out.stat().st_size}
    output.print_json(summary) if json else output.print_pairs(summary.items())


def _definition(file: Path, trust: list[str], outputs: list[str] | None) -> Definition:
    model = load_model(file, trust)
    if isinstance(model, Definition):
        return model
    from pretzel.importers import export as import_estimator  # loads the training library

    return import_estimator(model, outputs=outputs)


def _summary(definition: Definition) -> dict[str, object]:
    return {
        "digest": str(definition.digest),
        "nodes": len(definition.nodes),
        "inputs": {node.column: node.kind for node in definition.inputs},
        "outputs": {name: str(node.type) for name, node in definition.outputs.items()},
        "parameters": len(definition.parameters),
        "parameter_bytes": sum(parameter.nbytes for parameter in definition.parameters.values()),
    }
