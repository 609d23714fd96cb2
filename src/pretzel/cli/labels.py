"""`pretzel label`, and the options that select models by labels, owner and text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pretzel.cli import output
from pretzel.cli.options import CONTROL, Control, Json, Name, Timeout
from pretzel.cli.terms import IfEdition, IfVersion, OverrideFreeze, terms_of
from pretzel.cli.tls import TlsFiles
from pretzel.client import ControlPlane
from pretzel.client.endpoint import Budget
from pretzel.plan.model import Model

Selector = Annotated[
    str,
    typer.Option("--selector", "-l", help="Requirements on labels: `team=ads,tier!=test,region in (eu,us),!retired`."),
]
Owner = Annotated[str, typer.Option("--owner", help="Only models of this owner.")]
Search = Annotated[
    str, typer.Option("--search", help="Only models with this text in the name, owner, note or a label.")
]
OfVersions = Annotated[
    bool, typer.Option("--versions", help="Labels, owner and text are those of one version, not of the model.")
]


def selection(selector: str, owner: str, search: str, versions: bool) -> dict[str, Any]:
    """Return the arguments of the client that select models."""
    return {"selector": selector, "owner": owner, "search": search, "of_versions": versions}


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return labels that were written as `key=value`; the control plane checks their characters.

    Raises:
        BadParameter: one has no `=`, or two have the same key.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{option} {text!r}: expected key=value")
        if key in found:
            raise typer.BadParameter(f"{option}: the key {key!r} is given twice")
        found[key] = value
    return found


def label(
    name: Name,
    labels: Annotated[
        list[str] | None, typer.Argument(metavar="[LABELS]...", help="`key=value` sets a label, `key-` removes it.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="The owner; empty for none.")] = None,
    note: Annotated[str | None, typer.Option(help="A note; empty for none.")] = None,
    if_version: IfVersion = None,
    if_edition: IfEdition = None,
    override_freeze: OverrideFreeze = False,
    control: Control = CONTROL,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Write labels, an owner or a note on a model (`name`) or on one version (`name@3`)."""
    given = labels or []
    removed = [text[:-1] for text in given if text.endswith("-") and "=" not in text]
    changes: dict[str, str | None] = {**pairs([text for text in given if text[:-1] not in removed], "label")}
    twice = sorted({*changes} & {*removed})
    if twice:
        raise typer.BadParameter(f"label {twice[0]!r}: it is both set and removed")
    if not (given or owner is not None or note is not None):
        raise typer.BadParameter("expected labels, --owner or --note; `pretzel describe` shows what is written")
    with ControlPlane(control, timeout=Budget(timeout), **tls) as plane:
        terms = terms_of(if_version, if_edition, override_freeze)
        model = plane.label(name, changes | dict.fromkeys(removed), owner=owner, note=note, terms=terms)
    if json:
        output.print_json(model)
    else:
        _print(name, model)


def _print(name: str, model: Model) -> None:
    number = model.aliases.get(name.partition(":")[2]) if ":" in name else name.partition("@")[2]
    subject = next((version for version in model.versions if str(version.version) == str(number)), model)
    output.print_pairs([("version" if subject is not model else "model", name), *written(subject)])


def written(subject: Any) -> list[tuple[str, object]]:
    """Return what is written on a model, a version or a description, as pairs; none if nothing is."""
    found = [("owner", subject.owner), ("labels", labels_text(subject.labels)), ("note", subject.note)]
    return [(key, text) for key, text in found if text]


def labels_text(labels: Any) -> str:
    """Return labels as one text: `team=ads, tier=gold`."""
    return ", ".join(f"{key}={value}" for key, value in labels.items())
