"""Entries of the file of identities, their keeper, and the callers that it knows."""

import json
from pathlib import Path

import pytest

from pretzel.errors import UnauthenticatedError
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.identity.tokens import TokenHash


def entry(name: str, **more: object) -> str:
    lines = (f"{key} = {value if isinstance(value, str) else json.dumps(value)}" for key, value in more.items())
    return "\n".join(["[[identity]]", f'name = "{name}"', *lines, ""])


def hashed(token: str) -> list[str]:
    return [str(TokenHash.of(token))]


def keeper(file: Path, *entries: str) -> Keeper:
    file.write_text("\n".join(entries))
    return Keeper(file)


def named(found: Keeper, token: str | None = None, **names: list[bytes]) -> str:
    return found.identify(None if token is None else f"Bearer {token}", names).name


def refused(found: Keeper, authorization: str | None, message: str, **names: list[bytes]) -> str:
    """Check the message of a refusal, and return its reason."""
    with pytest.raises(UnauthenticatedError, match=message) as raised:
        found.identify(authorization, names)
    secret = (authorization or "").rpartition(" ")[2]
    assert not secret or len(secret) < 20 or secret[-20:] not in str(raised.value)
    return raised.value.reason
