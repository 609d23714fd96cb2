"""`pretzel token`: make a token, and the entry of the file of identities that knows it."""

from __future__ import annotations

import json as json_text
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pretzel.cli.options import Json
from pretzel.cli.servers import with_server_extra
from pretzel.errors import InputError

_ROLES = ("predict", "read", "deploy", "administer")
Patterns = list[str] | None


def _role(name: str) -> object:
    return typer.Option(f"--{name}", metavar="PATTERN", help=f"Models with the role {name}, as 'team-a/*'. Repeat.")


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the identity.")],
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write the token to this new file, mode 0600.")
    ] = None,
    predict: Annotated[Patterns, _role("predict")] = None,
    read: Annotated[Patterns, _role("read")] = None,
    deploy: Annotated[Patterns, _role("deploy")] = None,
    administer: Annotated[Patterns, _role("administer")] = None,
    worker: Annotated[bool, typer.Option("--worker", help="It is a worker of the control plane.")] = False,
    json: Json = False,
) -> None:
    """Make a token: standard error shows it once, unless it is written to a file; standard output has the entry."""
    from pretzel.serving.identity.tokens import TokenHash, new_token

    made = new_token()
    given = zip(_ROLES, (predict, read, deploy, administer), strict=True)
    roles = {role: _checked(role, patterns) for role, patterns in given if patterns}
    entry: dict[str, object] = {"name": name, "token": str(TokenHash.of(made)), **roles}
    if worker:
        entry["worker"] = True
    with_server_extra(lambda: _check_entry(entry))
    if out is not None:
        _write(out, made)
    if json:
        print(json_text.dumps(entry if out is not None else entry | {"secret": made}))
        return
    print("[[identity]]", *(f"{key} = {json_text.dumps(value)}" for key, value in entry.items()), sep="\n")
    sys.stdout.flush()
    where = f"written to {out}" if out is not None else f"{made}\nit is shown only now; keep it in a file"
    print(f"token: {where}\nadd the entry above to the file of identities", file=sys.stderr)


def _checked(role: str, patterns: list[str]) -> list[str]:
    from pretzel.serving.identity.roles import checked

    try:
        return [checked(pattern) for pattern in patterns]
    except ValueError as error:
        raise InputError(f"--{role}: {error}") from None


def _check_entry(entry: dict[str, object]) -> None:
    from pydantic import ValidationError

    from pretzel.serving.identity.file import Identity

    try:
        Identity.model_validate(entry)
    except ValidationError:
        raise InputError(
            f"name {str(entry['name'])[:100]!r}: expected 1 to 100 letters, digits, spaces and _ . @ / -"
        ) from None


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise InputError(f"--out {path}: the file exists; name a new one") from None
    with open(descriptor, "w") as file:
        file.write(text + "\n")
