"""Tokens that no issuer would make: each is refused as any other."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from pretzel.serving.identity.jwt_tokens import LONGEST
from pretzel.serving.identity.keeper import Keeper
from tests.serving.identity.entries import entry, keeper, refused
from tests.serving.identity.issuing import ISSUER, Issuer

OF = f'{{issuer = "{ISSUER}", subject = "ada"}}'


@pytest.fixture
def found(file: Path, issuer: Issuer) -> Keeper:
    return keeper(file, issuer.table, entry("ada", jwt=OF))


def part(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("exp", [10**400, -(10**400), float("inf"), float("nan"), [1], {}, "soon", 10**1000])
def test_a_signed_time_that_is_no_time(found: Keeper, issuer: Issuer, exp: object):
    refused(found, f"Bearer {issuer.token(exp=exp)}", "^(unknown token|the token has expired)")


@pytest.mark.parametrize("depth", [400, 900, 1300])
def test_nested_headers(found: Keeper, issuer: Issuer, depth: int):
    _, payload, signature = issuer.token().split(".")
    refused(found, f"Bearer {part('[' * depth + ']' * depth)}.{payload}.{signature}", "^unknown token")
    nested = f'{{"alg": "ES256", "kid": "first", "x": {"[" * depth}{"]" * depth}}}'
    refused(found, f"Bearer {part(nested)}.{payload}.{signature}", "^unknown token|^the signature")


@pytest.mark.parametrize("error", [RecursionError, OverflowError, ValueError, TypeError])
def test_errors_of_the_library(found: Keeper, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, error: type[Exception]):
    """Versions of the library differ in what they let out."""

    def fail(*_: Any, **__: Any) -> None:
        raise error("odd")

    monkeypatch.setattr(jwt, "get_unverified_header", fail)
    refused(found, f"Bearer {issuer.token()}", "^unknown token; expected one of")


@pytest.mark.parametrize("kid", [["first"], {"first": 1}, 1, True])
def test_the_identifier_of_a_key_that_is_no_text(found: Keeper, issuer: Issuer, kid: object):
    _, payload, signature = issuer.token().split(".")
    head = part(json.dumps({"alg": "ES256", "kid": kid}))
    refused(found, f"Bearer {head}.{payload}.{signature}", "^unknown token")


@pytest.mark.parametrize("odd", ["\udcff", "\ud800.a.b", "ä", "\x80"])
@pytest.mark.parametrize("make", [lambda token: token, lambda token: f"x.{token}.y"])
def test_tokens_that_are_no_text(found: Keeper, make: Callable[[str], str], odd: str):
    refused(found, f"Bearer {make(odd)}", "^unknown token")
    assert found.refused == {"unknown_credential": 1}


def test_long_tokens(found: Keeper, issuer: Issuer):
    token = issuer.token(filler="x" * LONGEST)
    refused(found, f"Bearer {token}", "^unknown token; ask for one that this server knows")
    assert LONGEST == 4096 and found.identify(f"Bearer {issuer.token(filler='x' * 2000)}", {}).name == "ada"
