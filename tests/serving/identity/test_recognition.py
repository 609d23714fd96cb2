"""Callers by their credentials: tokens of our own and of issuers, certificates; and what ends them."""

import base64
import hashlib
import hmac
import json
import os
import time
from pathlib import Path

import pytest

from pretzel.errors import PermissionDeniedError, PreconditionError
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.identity.keys import FETCH_SECONDS
from pretzel.serving.identity.roles import Role
from pretzel.serving.identity.tokens import new_token
from tests.serving.identity.entries import entry, hashed, keeper, named, refused
from tests.serving.identity.issuing import ISSUER, Issuer, rsa_key

TOKEN, OTHER = new_token(), new_token()


def test_tokens(file: Path):
    found = keeper(file, 'contact = "ops"', entry("ada", token=hashed(TOKEN), predict=["a/*"]))
    assert named(found, TOKEN) == "ada" and found.identify(f"bearer {TOKEN}", {}).name == "ada"
    assert refused(found, None, "^no credential; send a token") == "no_credential"
    assert refused(found, f"Bearer {OTHER}", "^unknown token [0-9a-f]{16}; it was replaced") == "unknown_credential"
    assert refused(found, f"Bearer {TOKEN[:-1]}x", "^unknown token") == "unknown_credential"
    refused(found, "Basic YTpi", "^authorization: expected Bearer and a token")
    refused(found, "several", "^authorization: expected Bearer")
    refused(found, "Bearer ", "^unknown token")
    assert found.refused == {"no_credential": 1, "unknown_credential": 5}


def test_a_missing_role_is_explained(file: Path):
    ada = keeper(file, 'contact = "ops@x"', entry("ada", token=hashed(TOKEN), predict=["a/*"])).identify(
        f"Bearer {TOKEN}", {}
    )
    ada.require(Role.PREDICT, "a/b@3")
    message = (
        "identity 'ada' lacks the role predict on model 'b'; ops@x grants it, by predict = [\"b\"] in the file of "
        "identities"
    )
    with pytest.raises(PermissionDeniedError) as raised:
        ada.require(Role.PREDICT, "b:canary")
    assert str(raised.value) == message
    with pytest.raises(PermissionDeniedError, match="lacks the role read on any model"):
        ada.require_some(Role.READ)
    with pytest.raises(PermissionDeniedError, match="role predict on all models; .* predict = ..\\*"):
        ada.require_prefix(Role.PREDICT, "")
    with pytest.raises(PermissionDeniedError, match="role predict on all models that start with 'a'"):
        ada.require_prefix(Role.PREDICT, "a")
    assert ada.refused["permission"] == 4


def test_certificates(file: Path):
    found = keeper(
        file,
        entry("shop", certificate='{common_name = "shop"}', read=["*"]),
        entry("mesh", certificate='{alternative_name = "spiffe://x/mesh"}', read=["*"]),
        entry("ada", token=hashed(TOKEN)),
    )
    shop = {"x509_common_name": [b"shop"]}
    mesh = {"x509_common_name": [b"other"], "x509_subject_alternative_name": [b"h", b"spiffe://x/mesh"]}
    assert named(found, **shop) == "shop" and named(found, **mesh) == "mesh"
    assert named(found, TOKEN, **shop) == "ada"
    refused(found, f"Bearer {OTHER}", "^unknown token", **shop)
    refused(found, None, "^no identity for the certificate of 'else'", x509_common_name=[b"else"])
    refused(found, None, "^no identity", x509_subject_alternative_name=[b"shop"])


def test_two_identities_share_no_credential(file: Path):
    with pytest.raises(PreconditionError, match="identity 'b': its token [0-9a-f]{16} is another identity's too"):
        keeper(file, entry("a", token=hashed(TOKEN)), entry("b", token=hashed(TOKEN)))
    both = [entry(name, certificate='{common_name = "x"}') for name in "ab"]
    with pytest.raises(PreconditionError, match="identity 'b': certificate 'x' is another identity's too"):
        keeper(file, *both)


def test_tokens_of_an_issuer(file: Path, issuer: Issuer):
    of = f'{{issuer = "{ISSUER}", subject = "ada"}}'
    team = f'{{issuer = "{ISSUER}", claims = {{groups = "ml"}}}}'
    found = keeper(file, issuer.table, entry("ada", jwt=of, predict=["*"]), entry("team", jwt=team, read=["*"]))
    caller = found.identify(f"Bearer {issuer.token()}", {})
    assert (caller.name, caller.subject, caller.ended) == ("ada", "ada", False)
    assert time.monotonic() + 200 < caller.expires <= time.monotonic() + FETCH_SECONDS
    soon = found.identify(f"Bearer {issuer.token(exp=time.time() + 60)}", {})
    assert time.monotonic() + 60 < soon.expires < time.monotonic() + 100  # with leeway
    assert named(found, issuer.token(sub="bob", groups=["x", "ml"])) == "team"
    for claims, message in {
        (("sub", "bob"),): "^no identity for the subject 'bob' of 'https://login",
        (("exp", time.time() - 60),): "^the token has expired; get a new one",
        (("aud", "other"),): "^the token is for another audience",
        (("iss", "https://evil"),): "^token of the issuer 'https://evil', which this server does not accept",
        (("nbf", time.time() + 90),): "^the token is not valid yet",
        (("exp", None),): "^the token lacks the claim 'exp'",
        (("aud", None),): "^the token lacks the claim 'aud'",
        (("sub", None),): "^the token lacks the claim 'sub'",
    }.items():
        reason = refused(found, f"Bearer {issuer.token(**dict(claims))}", message)
        assert reason == ("expired" if "expired" in message else "unknown_credential")


def forged(header: dict[str, str], issuer: Issuer, key: bytes | None) -> str:
    """A token of our own making: signed by HMAC, or not at all."""
    payload = issuer.token().split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    text = f"{head}.{payload}"
    signature = hmac.digest(key, text.encode(), hashlib.sha256) if key else b""
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_forged_tokens(file: Path, issuer: Issuer):
    of = f'{{issuer = "{ISSUER}", subject = "ada"}}'
    found = keeper(file, issuer.table, entry("ada", jwt=of, predict=["*"]))
    stranger = Issuer(file.with_name("strangers.json"))
    none = forged({"alg": "none", "kid": "first"}, issuer, None)
    refused(found, f"Bearer {none}", "^token signed by 'none': expected RS256, ES256")
    confused = forged({"alg": "HS256", "kid": "first"}, issuer, issuer.public("first"))
    refused(found, f"Bearer {confused}", "^token signed by 'HS256': expected")
    refused(found, f"Bearer {stranger.token()}", "^the signature of the token is wrong")
    refused(found, f"Bearer {issuer.token(key=rsa_key(), algorithm='RS256')}", "^unknown token; expected one of")
    cut = issuer.token()[:-4]
    refused(found, f"Bearer {cut}", "signature of the token is wrong|unknown token")
    refused(found, f"Bearer {'a.' * 5000}", "^unknown token")
    issuer.keys["second"] = stranger.keys["first"]
    refused(found, f"Bearer {issuer.token('second')}", "^token signed with the key 'second', which the issuer does not")


def test_rotated_keys(file: Path, issuer: Issuer):
    of = f'{{issuer = "{ISSUER}", subject = "ada"}}'
    found = keeper(file, issuer.table, entry("ada", jwt=of, predict=["*"]))
    old = issuer.token()
    caller = found.identify(f"Bearer {old}", {})
    issuer.rotate("second")
    found.look()
    assert caller.ended and named(found, issuer.token("second")) == "ada"
    refused(found, f"Bearer {old}", "signed with the key 'first', which the issuer does not publish")


def test_an_expired_token_ends(file: Path, issuer: Issuer):
    of = f'{{issuer = "{ISSUER}", subject = "ada"}}'
    found = keeper(file, issuer.table.replace("audience", "leeway_seconds = 0\naudience"), entry("ada", jwt=of))
    caller = found.identify(f"Bearer {issuer.token(exp=time.time() + 300)}", {})
    assert not caller.ended
    caller.expires = time.monotonic()
    assert caller.ended


def changed(file: Path, text: str) -> None:
    file.write_text(text)
    os.utime(file, ns=(time.time_ns(), time.time_ns() + file.stat().st_size))  # clocks of file systems are coarse


def test_reload(file: Path):
    found = keeper(file, entry("ada", token=hashed(TOKEN), predict=["a"]))
    ada = found.identify(f"Bearer {TOKEN}", {})
    found.look()
    assert not ada.ended
    changed(file, entry("ada", token=hashed(OTHER), predict=["b"]))
    found.look()
    assert ada.ended
    refused(found, f"Bearer {TOKEN}", "^unknown token")
    assert found.identify(f"Bearer {OTHER}", {}).may(Role.PREDICT, "b")


def test_a_broken_file_keeps_the_last_identities(file: Path):
    found = keeper(file, entry("ada", token=hashed(TOKEN), predict=["a"]))
    ada = found.identify(f"Bearer {TOKEN}", {})
    changed(file, "name = ")
    for _ in range(2):
        with pytest.raises(PreconditionError, match="identities: .* is not TOML"):
            found.look()
    assert not ada.ended and named(found, TOKEN) == "ada"
    changed(file, entry("bob", token=hashed(TOKEN)))
    found.look()
    assert named(found, TOKEN) == "bob"


def test_a_changed_secret(file: Path):
    secret = file.with_name("secret")
    secret.write_text(TOKEN)
    found = keeper(file, entry("ada", token_file=f'"{secret}"'))
    assert named(found, TOKEN) == "ada"
    changed(secret, OTHER)
    found.look()
    assert named(found, OTHER) == "ada"
    refused(found, f"Bearer {TOKEN}", "^unknown token")
    secret.unlink()
    with pytest.raises(PreconditionError, match="identity 'ada': token_file .*secret: No such file"):
        found.look()
    assert named(found, OTHER) == "ada"


def test_the_token_of_workers(file: Path):
    secret = file.with_name("worker")
    secret.write_text(OTHER)
    file.write_text(entry("ada", token=hashed(TOKEN)))
    worker = Keeper(file, secret).identify(f"Bearer {OTHER}", {})
    assert worker.name == "worker" and set(worker.roles) == {Role.WORKER}
