"""Options that are conditions of a change."""

from __future__ import annotations

from typing import Annotated

import typer

from pretzel.plan.terms import Terms

IfVersion = Annotated[
    int | None,
    typer.Option(min=0, help="Change it only if the alias points to this version now; 0: to none."),
]
IfEdition = Annotated[
    int | None, typer.Option(min=0, help="Change it only if the model has this edition now; 0: it does not exist.")
]
OverrideFreeze = Annotated[
    bool, typer.Option("--override-freeze", help="Change it although it is frozen; needs the role administer.")
]


def terms_of(if_version: int | None, if_edition: int | None, override_freeze: bool) -> Terms:
    """Return the conditions of the options."""
    return Terms(if_version, if_edition, override_freeze)
