"""The file of identities: TOML, read strictly; errors name the file, the entry, the value and what was expected."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from pretzel.errors import PreconditionError
from pretzel.serving.identity.limits import NO_LIMITS, Limits
from pretzel.serving.identity.roles import IMPLIED, Patterns, Role, checked
from pretzel.serving.identity.tokens import TokenHash
from pretzel.serving.listeners import is_loopback

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Algorithms of signatures that are accepted: with a secret that both sides know, a verifier could sign too."""
RESERVED = frozenset(["anonymous", "system"])
"""Names that the audit trail has for callers without an identity, and for the server itself."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.@/ -]{0,99}$")]
Pattern = Annotated[str, AfterValidator(checked)]


def _readable(text: str) -> str:
    TokenHash.parse(text)
    return text


def _algorithm(name: str) -> str:
    if name not in ALGORITHMS:
        raise ValueError(f"{name[:40]!r}: expected {', '.join(ALGORITHMS)}")
    return name


def _key_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError(f"{url[:100]!r}: expected https://")
    return url


def _several(value: Any) -> list[Any]:
    """Return a list; of a single value, one of it."""
    return value if isinstance(value, list) else [value]


Hash = Annotated[str, AfterValidator(_readable)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Certificate(_Strict):
    """A client's certificate, of an authority of ``tls_client_ca``, by one of its names."""

    common_name: Text | None = None
    alternative_name: Text | None = None
    """A subject alternative name: of a host, a URI, or a mail address."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.common_name is None) == (self.alternative_name is None):
            raise ValueError("expected common_name or alternative_name, one of them")
        return self


class Jwt(_Strict):
    """A token of an issuer, by its subject or by claims."""

    issuer: Text
    subject: Text | None = None
    claims: dict[Text, Text] = {}
    """Values of claims; a claim that is a list must contain the value."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.subject is None and not self.claims:
            raise ValueError("expected a subject or claims; every user of the issuer would match")
        return self


class Issuer(_Strict):
    """An issuer of tokens by OpenID Connect."""

    issuer: Text
    audience: Text
    jwks_file: Path | None = None
    jwks_url: Annotated[str, AfterValidator(_key_url)] | None = None
    jwks_ca: Path | None = None
    """Authorities of the certificate behind the URL, PEM; by default those of the system."""
    algorithms: Annotated[list[Annotated[str, AfterValidator(_algorithm)]], Field(min_length=1)] = ["RS256", "ES256"]
    leeway_seconds: Annotated[float, Field(ge=0, le=300)] = 30.0
    """Difference of the clocks that is accepted."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.jwks_file is None) == (self.jwks_url is None):
            raise ValueError("expected jwks_file or jwks_url, one of them")
        if self.jwks_ca is not None and self.jwks_url is None:
            raise ValueError("jwks_ca is of the server behind jwks_url; a file needs none")
        return self


class Identity(_Strict):
    """One identity: how it is recognized, and its roles."""

    name: Name
    token: Annotated[list[Hash], BeforeValidator(_several)] = []
    """Hashes of its tokens, as ``pretzel token`` prints them."""
    token_file: Path | None = None
    """A file with its token, such as a mounted secret."""
    token_env: Text | None = None
    """A variable of the server with its token."""
    certificate: Annotated[list[Certificate], BeforeValidator(_several)] = []
    jwt: Annotated[list[Jwt], BeforeValidator(_several)] = []
    predict: list[Pattern] = []
    read: list[Pattern] = []
    deploy: list[Pattern] = []
    administer: list[Pattern] = []
    worker: bool = False
    limits: Limits = NO_LIMITS
    """Limits of its own, instead of those of ``[limits]``."""

    @model_validator(mode="after")
    def _recognizable(self) -> Self:
        if not (self.token or self.token_file or self.token_env or self.certificate or self.jwt):
            raise ValueError("expected token, token_file, token_env, certificate or jwt: it cannot be recognized")
        return self

    @property
    def roles(self) -> dict[Role, Patterns]:
        """Return its roles, with those that they imply."""
        given: dict[Role, list[str]] = {role: list(getattr(self, role)) for role in Role if role is not Role.WORKER}
        for role, implied in IMPLIED.items():
            for other in implied:
                given[other] += getattr(self, role)
        found = {role: Patterns.of(patterns) for role, patterns in given.items() if patterns}
        return found | ({Role.WORKER: Patterns.of(["*"])} if self.worker else {})


class Identities(_Strict):
    """The content of a file of identities."""

    contact: Text = "the operator of this server"
    """The person or address that grants roles; errors name it."""
    identity: Annotated[list[Identity], Field(min_length=1)]
    issuer: list[Issuer] = []
    limits: Limits = NO_LIMITS
    """Limits of every identity that has none of its own."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [identity.name for identity in self.identity]
        if taken := sorted(RESERVED & {*names}):
            raise ValueError(f"identity {taken[0]!r}: the audit trail uses this name; choose another")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"identity {twice[0]!r} is there twice; names are unique")
        known = {issuer.issuer for issuer in self.issuer}
        for identity in self.identity:
            for jwt in identity.jwt:
                if jwt.issuer not in known:
                    raise ValueError(f"identity {identity.name!r}: issuer {jwt.issuer!r} has no [[issuer]] of its own")
        return self

    @property
    def further(self) -> list[Path]:
        """Return the other files that are read."""
        files = [identity.token_file for identity in self.identity] + [issuer.jwks_file for issuer in self.issuer]
        return [file for file in files if file is not None]


def read_identities(path: Path) -> Identities:
    """Read a file of identities.

    Raises:
        PreconditionError: it cannot be read, or is invalid.
    """
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise PreconditionError(f"identities: {path}: {error.strerror}") from None
    except ValueError as error:  # the message has a line and a column, and no content
        raise PreconditionError(f"identities: {path} is not TOML ({error})") from None
    try:
        return Identities.model_validate(content)
    except ValidationError as error:
        raise PreconditionError(f"identities: {path}: {'; '.join(_problems(error, content))}") from None


def token_hashes(identity: Identity) -> Iterator[TokenHash]:
    """Yield the hashes of an identity's tokens, also of those in a file and in the environment.

    Raises:
        PreconditionError: a file or a variable is missing, or has no token.
    """
    yield from map(TokenHash.parse, identity.token)
    if identity.token_file is not None:
        yield hash_in(identity.token_file, f"identity {identity.name!r}: token_file")
    if identity.token_env is not None:
        text = os.environ.get(identity.token_env, "")
        try:
            yield TokenHash.of(text.strip())
        except ValueError as error:
            raise PreconditionError(f"identity {identity.name!r}: token_env {identity.token_env}: {error}") from None


def hash_in(file: Path, what: str) -> TokenHash:
    """Return the hash of the token in a file.

    Raises:
        PreconditionError: the file cannot be read, or has no token.
    """
    try:
        return TokenHash.of(file.read_text().strip())
    except OSError as error:
        raise PreconditionError(f"{what} {file}: {error.strerror}") from None
    except ValueError as error:
        raise PreconditionError(f"{what} {file}: {error}") from None


def _problems(error: ValidationError, content: Any) -> Iterator[str]:
    for item in error.errors():
        place, *rest = item["loc"] or ("",)
        where = str(place)
        if len(item["loc"]) > 1 and isinstance(item["loc"][1], int):
            where, rest = _entry(content, str(place), item["loc"][1]), list(item["loc"][2:])
        field = ".".join(str(part) for part in rest if not str(part).startswith(("function-", "list[", "constrained")))
        text = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            text = "unknown key; docs/security.md lists those that are known"
        hidden = item["type"] in ("value_error", "extra_forbidden") or field.startswith("token")
        shown = "" if hidden else _shown(item)
        yield ": ".join(filter(None, (where, field, shown + text[:1].lower() + text[1:])))


def _entry(content: Any, table: str, index: int) -> str:
    """Return how an entry of a table is called: by its name, or by its number from 1."""
    try:
        entry = content[table][index]
        return (
            f"{table} {entry.get('name') or entry['issuer']!r}" if table == "issuer" else f"{table} {entry['name']!r}"
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        return f"{table} {index + 1}"


def _shown(item: Any) -> str:
    value = item.get("input")
    return f"{str(value)[:60]!r}: " if isinstance(value, str | int | float | bool) else ""
