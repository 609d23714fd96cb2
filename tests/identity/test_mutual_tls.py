"""Both planes over mutual TLS: certificates are identities, and the keys of an issuer come over HTTPS."""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import numpy as np
import pytest

from pretzel import Client, ControlPlane, errors
from tests.control_plane.serve.running import WIDTH, control_plane, definition
from tests.helpers.certificates import Authority, Pair
from tests.identity.servers import SECONDS, worker
from tests.serving.identity.entries import entry
from tests.serving.identity.issuing import AUDIENCE, ISSUER, Issuer
from tests.serving.identity.test_fetching import published

X = np.zeros((2, WIDTH))
NAMES = ("server", "deployer", "gateway", "workers", "stranger")


class Secured(NamedTuple):
    """The servers, and the certificates of their clients."""

    authority: Authority
    pairs: dict[str, Pair]
    foreign: Pair
    issuer: Issuer
    control: str
    predictions: str
    http: str

    def files(self, name: str) -> dict[str, Path]:
        """The TLS of a client with a certificate."""
        pair = self.foreign if name == "foreign" else self.pairs[name]
        return {"tls_ca": self.authority.cert, "tls_cert": pair.cert, "tls_key": pair.key}


def identities(folder: Path, url: str, authority: Authority) -> Path:
    table = f'[[issuer]]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\n'
    table += f'jwks_url = "{url}"\njwks_ca = "{authority.cert}"\n'
    named = {name: f'{{ common_name = "{name}" }}' for name in NAMES}
    file = folder / "identities.toml"
    file.write_text(
        table
        + entry("deployer", certificate=named["deployer"], deploy='["a/*"]')
        + entry("gateway", certificate=named["gateway"], predict='["a/*"]')
        + entry("workers", certificate=named["workers"], worker="true")
        + entry("ada", jwt=f'{{ issuer = "{ISSUER}", subject = "ada" }}', predict='["a/*"]', read='["a/*"]')
    )
    return file


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A control plane and a worker; an issuer's keys behind HTTPS of an authority that the system does not know."""
    folder = tmp_path_factory.mktemp("mutual")
    authority, issuer = Authority(folder / "a"), Issuer(folder / "keys.json")
    pairs = {name: authority.issue(name) for name in NAMES}
    own = {"tls_cert": pairs["server"].cert, "tls_key": pairs["server"].key, "tls_client_ca": authority.cert}
    its = own | {"tls_ca": authority.cert, "client_cert": pairs["workers"].cert, "client_key": pairs["workers"].key}
    foreign = Authority(folder / "b", "other").issue("gateway")
    web = Authority(folder / "c", "web")
    with published(issuer, web) as url:
        file = identities(folder, url, web)
        with control_plane(folder / "data", identities=file, **own) as control:
            address = "https://localhost:" + control.ready["address"].rsplit(":", 1)[1]
            files = {"tls_ca": authority.cert, "tls_cert": pairs["deployer"].cert, "tls_key": pairs["deployer"].key}
            with ControlPlane(address, timeout=SECONDS, **files) as plane:
                plane.deploy("a/x", definition(0))
            with worker(folder, address, identities=file, **its) as ready:
                near = f"https://localhost:{ready['port']}"
                http = "https://localhost:" + str(ready["http"]).rsplit(":", 1)[1]
                yield Secured(authority, pairs, foreign, issuer, address, near, http)


def client(secured: Secured, name: str, **more: Any) -> Client:
    return Client(secured.predictions, timeout=SECONDS, **secured.files(name), **more)


def plane(secured: Secured, name: str) -> ControlPlane:
    return ControlPlane(secured.control, timeout=SECONDS, **secured.files(name))


def test_certificates_are_identities_on_both_planes(secured: Secured):
    with client(secured, "gateway") as gateway:  # the worker has the model, so the control plane knows it
        assert gateway.predict("a/x", X).tolist() == ["yes", "yes"]
        with pytest.raises(errors.PermissionDeniedError, match="'gateway' lacks the role predict on model 'b/x'"):
            gateway.predict("b/x", X)
    with plane(secured, "deployer") as deployer:
        assert [model.name for model in deployer.models()] == ["a/x"]
        with pytest.raises(errors.PermissionDeniedError, match="'deployer' lacks the role deploy on model 'b/x'"):
            deployer.deploy("b/x", definition(0))
    for name in ("gateway", "workers"):
        with plane(secured, name) as other:
            with pytest.raises(errors.PermissionDeniedError, match=f"'{name}' lacks the role deploy on any model"):
                other.deploy("a/x", definition(1))


def test_a_certificate_without_an_identity_is_named(secured: Secured):
    refusal = "no identity for the certificate of 'stranger', and no token"
    with client(secured, "stranger") as stranger, pytest.raises(errors.UnauthenticatedError, match=refusal):
        stranger.predict("a/x", X)
    with plane(secured, "stranger") as stranger, pytest.raises(errors.UnauthenticatedError, match=refusal):
        stranger.models()


def test_a_name_counts_only_by_an_authority_of_the_server(secured: Secured):
    """A certificate of another authority has the name of an identity; and a connection without one is not accepted."""
    for files in (secured.files("foreign"), {"tls_ca": secured.authority.cert}):
        for kind, address in ((Client, secured.predictions), (ControlPlane, secured.control)):
            with kind(address, timeout=SECONDS, **files) as refused:
                with pytest.raises(errors.UnavailableError):
                    refused.predict("a/x", X) if isinstance(refused, Client) else refused.models()


def test_tokens_of_an_issuer_behind_https(secured: Secured):
    """A token goes before the certificate of its connection; keys arrive a moment after the start."""
    end = time.monotonic() + SECONDS
    with client(secured, "stranger", token=secured.issuer.token()) as ada:
        while True:
            try:
                assert ada.predict("a/x", X).tolist() == ["yes", "yes"]
                break
            except errors.UnauthenticatedError as error:
                assert "does not publish (yet)" in str(error) and time.monotonic() < end
    forged = Issuer(secured.authority.cert.with_name("forged.json")).token()
    with client(secured, "gateway", token=forged) as mallory:
        with pytest.raises(errors.UnauthenticatedError, match="the signature of the token is wrong"):
            mallory.predict("a/x", X)


def test_http(secured: Secured):
    def asked(name: str) -> tuple[int, str]:
        context = ssl.create_default_context(cafile=secured.authority.cert)
        context.load_cert_chain(secured.pairs[name].cert, secured.pairs[name].key)
        try:
            with urllib.request.urlopen(f"{secured.http}/v2/models/a%2Fx", timeout=SECONDS, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    assert asked("gateway")[0] == 200
    status, said = asked("stranger")
    assert status == 401 and "no identity for the certificate of 'stranger'" in said
    assert asked("deployer")[0] == 403


def test_a_flood_of_false_tokens_is_not_verified_without_bound(secured: Secured):
    """On the control plane, where no other test here shows tokens of the issuer."""
    forger, pair = Issuer(secured.authority.cert.with_name("forger.json")), secured.pairs["stranger"]
    files = [path.read_bytes() for path in (secured.authority.cert, pair.key, pair.cert)]
    seen: dict[grpc.StatusCode, str] = {}
    with grpc.secure_channel(secured.control.removeprefix("https://"), grpc.ssl_channel_credentials(*files)) as channel:
        models = channel.unary_unary("/pretzel.v1.ControlPlaneService/ListModels")
        for number in range(1000):
            fields = [("authorization", f"Bearer {forger.token(jti=str(number))}")]
            with pytest.raises(grpc.RpcError) as raised:
                models(b"", metadata=fields, timeout=SECONDS)
            refused: Any = raised.value
            seen[refused.code()] = refused.details()
            if refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                break
    assert seen.keys() == {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert seen[grpc.StatusCode.RESOURCE_EXHAUSTED].startswith("too many false tokens from this host")
    with plane(secured, "deployer") as deployer:
        assert [model.name for model in deployer.models()] == ["a/x"]
