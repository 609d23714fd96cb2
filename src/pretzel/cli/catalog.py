"""Commands for one deployed model: describe, alias."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Annotated

import typer

from pretzel.cli import output
from pretzel.cli.labels import written
from pretzel.cli.options import CONTROL, Control, Json, Name, Timeout
from pretzel.cli.placement import hints_text
from pretzel.cli.scheduling import At, NotAfter, Remark, later, show
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.tls import TlsFiles
from pretzel.cli.traffic import aliases_text
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.caveats import LEFT_OUT
from pretzel.plan.model import (
    RECOMPILED,
    ColumnDescription,
    InputDescription,
    LabelTable,
    ModelDescription,
    ModelVersion,
)
from pretzel.plan.steps import of_version
from pretzel.plan.units import size

_SAID = {"verified", "unverified", "applied"}
"""Metadata that other lines say, or that only `pretzel apply` reads."""
_MOST_STEPS = 20
"""Names of steps in a description."""


def describe(
    name: Name, control: Control = CONTROL, timeout: Timeout = 30, json: Json = False, *, tls: TlsFiles
) -> None:
    """Show the inputs and outputs of a model."""
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        description = plane.describe(name)
    if json:
        output.print_json(description)
    else:
        _print_description(description)


def _print_description(description: ModelDescription) -> None:
    version = description.version
    output.print_pairs(
        [
            ("model", version),
            *written(description),
            *((f"version's {key}", text) for key, text in written(version)),
            ("created", output.when(version.created)),
            ("parameters", size(version.parameter_bytes)),
            ("plan", version.plan.short),
            ("verification", version.verification),
            *((f"kernels {name}", state) for name, state in version.metadata.get(RECOMPILED, {}).items()),
            ("aliases", aliases_text(description) or "none"),
            *([("hints", text)] if (text := hints_text(description.hints)) else []),
            *([("edition", description.edition)] if description.edition else []),
            *((key, value) for key, value in _texts(version) if key not in _SAID),
            *_steps(version),
            *(("may differ", line) for line in version.may_differ),
            *(("Python stage", f"{one['step']}: {one['reason']}; {one['remedy']}") for one in _python(version)),
            *(("not served", f"{method}: {reason}") for method, reason in version.metadata.get(LEFT_OUT, {}).items()),
        ]
    )
    dates = version.metadata.get("dates") or {}
    output.print_table(("input", "type"), (_input(item, dates) for item in _inputs(description)))
    outputs = ((item.name, item.type, _labels(item.labels)) for item in description.outputs)
    output.print_table(("output", "type", "labels"), outputs, fold=("output", "labels"))


def _steps(version: ModelVersion) -> Iterable[tuple[str, str]]:
    """Return the names of the model's steps, in the order of its computation."""
    names = list(dict.fromkeys(chain.from_iterable(of_version(version.metadata))))
    if names:
        more = f" and {len(names) - _MOST_STEPS} more" if len(names) > _MOST_STEPS else ""
        yield "steps", ", ".join(names[:_MOST_STEPS]) + more


def _texts(version: ModelVersion) -> Iterable[tuple[str, object]]:
    """Return the metadata that are one value."""
    return ((key, value) for key, value in version.metadata.items() if isinstance(value, (str, int, float)))


def _python(version: ModelVersion) -> Iterable[Mapping[str, str]]:
    """Return the steps that run as Python stages, each with what would open it."""
    stages: Iterable[Mapping[str, str]] = version.metadata.get("python_stages") or ()
    return stages


def _inputs(description: ModelDescription) -> Iterable[InputDescription | ColumnDescription]:
    """Return the inputs, or all columns of an array in order if the model reads an array by columns."""
    alone = len(description.inputs) == 1 and description.inputs[0].type.width is not None
    return description.inputs if alone else description.columns or description.inputs


def _input(item: InputDescription | ColumnDescription, dates: Mapping[str, str]) -> tuple[object, ...]:
    """Return name and type; the type of a column of dates is that of the table, and is sent as its ticks."""
    form = dates.get(item.name)
    return item.name, f"{item.type}: {form}" if form and item.type else item.type or "not read"


def _labels(labels: LabelTable | None, most: int = 6) -> str:
    if labels is None:
        return ""
    shown = ", ".join(str(label) for label in labels[:most])
    return f"{shown}, ... ({len(labels)})" if len(labels) > most else shown


def alias(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    alias: Annotated[str, typer.Argument(help="The alias; clients use `stable` by default.")],
    version: Annotated[int | None, typer.Argument(min=1, help="The version it points to.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the alias.")] = False,
    if_version: IfVersion = None,
    if_edition: IfEdition = None,
    override_freeze: OverrideFreeze = False,
    at: At = "",
    not_after: NotAfter = "",
    remark: Remark = "",
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Point an alias to a version, to promote it or to roll back."""
    if (version is None) != remove:
        raise typer.BadParameter("expected a version or --remove")
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        terms = terms_of(if_version, if_edition, override_freeze)
        if (planned := later(plane, at, not_after, remark)) is not None:
            return show(planned.alias(name, alias, version, terms=terms), json)
        model = plane.alias(name, alias, version, terms=terms)
    if json:
        output.print_json(model)
    else:
        print(f"{model.name}: {alias} " + (f"-> {version}" if version else "is removed"))
